#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench export: each format says what the files say, and is taken by those who read it. tests/cli/dashboards.sh has Prometheus.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=$PWD/tests/fixtures reference=$PWD/results/reference
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

exits() # WHAT CODE COMMAND...: stdout in $dir/out, stderr in $dir/err
{
	local what=$1 code=$2 got
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got -eq "$code" ]
	check "$what" || { echo "# exit $got, not $code"; sed 's/^/# /' "$dir/err"; }
}
refused() # SENTENCE ARGUMENT...
{
	local sentence=$1
	shift
	"$pinbench" export "$@" >"$dir/out" 2>"$dir/err"
	[ $? -eq 2 ] && [ ! -s "$dir/out" ] && grep -qF -e "$sentence" "$dir/err"
	check "refused: $sentence" || sed 's/^/# /' "$dir/err"
}

# --- the numbers ---
python3 tests/export_formats.py "$pinbench" "$reference"/*.json "$files/before.json" "$files/unshare-after.json" "$files/cost.json" \
	"$files/seeds-before.json" || bad=1

# --- what must not leave the machine, planted in all places of a file that texts come from ---
python3 - "$files/small.json" "$dir/planted.json" <<'PYTHON'
import json, sys
document = json.load(open(sys.argv[1]))
document["command"] = ["pinbench", "run", "-o", "/home/sentinel-user/x.json", "--with", "sentinel-host.example.org"]
document["environment"]["kernel"]["cmdline"] = "root=UUID=sentinel-cmdline quiet"
document["environment"]["kernel"]["version"] = "#1 SMP sentinel-builder@sentinel-host"
document["environment"]["host"] = {"name": "sentinel-host", "user": "sentinel-user", "home": "/home/sentinel-user"}
document["environment"]["cpu"]["model"] += " /home/sentinel-user/model"
document["config"] = {"about": "sentinel-user", "cases": [{"pinner": "null", "device": "/home/sentinel-user/disk"}]}
document["label"] = "planted /home/sentinel-user/label"
for result in document["results"]:
    result["warnings"] = ["see /home/sentinel-user/warning"]
    if result["status"] != "done":
        result["why"] = "cannot open /home/sentinel-user/why"
        result["fix"] = "chmod /home/sentinel-user/fix"
json.dump(document, open(sys.argv[2], "w"))
PYTHON
[ "$(grep -o sentinel "$dir/planted.json" | wc -l)" -ge 15 ]
check "the file with names of host, user and home has them"
for format in prometheus openmetrics ktap csv json; do
	(cd "$dir" && "$pinbench" export $format planted.json) >"$dir/out" && grep -q 'planted ~/label' "$dir/out" &&
		! grep -E "sentinel|$(hostname)|cmdline" "$dir/out"
	check "$format names no host, user, home or command line"
done

# --- labels are quoted as each format wants it ---
python3 - "$files/small.json" "$dir/odd.json" <<'PYTHON'
import json, sys
document = json.load(open(sys.argv[1]))
document["label"] = '=1+1 "q" \\ back, # comma } {'
document["environment"]["cpu"]["model"] = 'a\\"b\nc\té'
document["results"][0]["key"] += ',file=/mnt/#1"x\\'
json.dump(document, open(sys.argv[2], "w"))
PYTHON
python3 tests/export_formats.py "$pinbench" "$dir/odd.json" | sed 's/^\(ok - \|not ok - \)/\1odd labels: /' | tee "$dir/tap"
! grep -q '^not ok' "$dir/tap" || bad=1
"$pinbench" export csv "$dir/odd.json" | sed -n 2p | grep -qF "\"'=1+1 \"\"q\"\" \\ back, # comma } {\","
check "csv: a label is no formula"
! "$pinbench" export ktap "$dir/odd.json" | grep -E '^(not )?ok .*#1'
check "ktap: a name holds no #"

# --- ktap: by the kernel's own parser ---
kunit=$(find "${PINBENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pinbench}/src" -path '*/tools/testing/kunit/kunit_parser.py' 2>/dev/null | sort | tail -1)
if [ -z "$kunit" ]; then
	tarball=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' 2>/dev/null | sort -V | tail -1)
	[ -z "$tarball" ] || tar -C "$dir" -xJf "$tarball" --wildcards '*/tools/testing/kunit/kunit_p*.py'
	kunit=$(find "$dir" -name kunit_parser.py)
fi
jq '.results[0].status = "failed" | .results[0].why = "it # broke" | .results[1].fix = "f"' "$files/small.json" >"$dir/failed.json"
jq '.results |= map(select(.status == "skipped"))' "$files/small.json" >"$dir/skipped.json"
jq '.complete = false' "$files/small.json" >"$dir/interrupted.json"
parsed() # WHAT STATUS PASSED FAILED SKIPPED FILE...: what the parser sees
{
	local what=$1 want=$2:$3:$4:$5
	shift 5
	"$pinbench" export ktap "$@" >"$dir/ktap"
	python3 - "$(dirname "$kunit")" "$dir/ktap" "$want" <<'PYTHON'
import contextlib, io, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
with contextlib.redirect_stdout(io.StringIO()) as said:  # its printer takes stdout when it is imported
    import kunit_parser
    test = kunit_parser.parse_run_tests(open(sys.argv[2]).read().splitlines())
counts = test.counts
got = f"{test.status.name}:{counts.passed}:{counts.failed}:{counts.skipped}"
assert got == sys.argv[3] and not counts.errors and not counts.crashed, (got, counts, said.getvalue()[-600:])
PYTHON
	check "ktap: kunit_parser.py of the kernel reads $what"
}
if [ -n "$kunit" ]; then
	parsed "45 cases" SUCCESS 45 0 0 "$reference/seed-1-before.json"
	parsed "four files as subtests" SUCCESS 180 0 0 "$reference"
	parsed "one that is skipped" SUCCESS 1 0 1 "$files/small.json"
	parsed "one that failed" FAILURE 0 1 1 "$dir/failed.json"
	parsed "an interrupted measurement" FAILURE 1 1 1 "$dir/interrupted.json"
	parsed "only skipped ones" SKIPPED 0 0 1 "$dir/skipped.json"
	parsed "odd names" SUCCESS 1 0 1 "$dir/odd.json"
	parsed "passed, failed and skipped files" FAILURE 1 1 3 "$files/small.json" "$dir/failed.json" "$dir/skipped.json"
else
	echo "ok - ktap: kunit_parser.py # SKIP no source of a kernel here (make deps)"
fi
exits "ktap: 0 when cases are done" 0 "$pinbench" export ktap "$files/small.json"
exits "ktap: 1 when a case failed" 1 "$pinbench" export ktap "$dir/failed.json"
exits "ktap: 1 when the measurement was interrupted" 1 "$pinbench" export ktap "$dir/interrupted.json"
exits "ktap: 4 when all were skipped" 4 "$pinbench" export ktap "$dir/skipped.json"
exits "the others say 0 of that" 0 "$pinbench" export csv "$dir/failed.json"
grep -q $',failed,it # broke,,,,,,,,,\r' "$dir/out"
check "csv: a failed case has its reason and no number"

# --- contrib/lava.sh, with a lava-test-case that writes down what it is told ---
mkdir "$dir/bin"
printf '#!/bin/sh\necho "$*" >>"%s/told"\n' "$dir" >"$dir/bin/lava-test-case"
chmod +x "$dir/bin/lava-test-case"
small="-p layout=base -p state=exclusive -p window=head -p pages_per_call=1 -p size=4K -p samples=2 -p warmup=1"
# shellcheck disable=SC2086 # the options are words
(PATH=$dir/bin:$PATH PINBENCH=$pinbench RESULTS=$dir/lava.json contrib/lava.sh -p pinner=null $small --label lava) >"$dir/out" 2>"$dir/err" &&
	grep -qx 'null_base_exclusive_[a-z]*_head_n_1.* --result pass' "$dir/told" &&
	grep -qE '^null_base_.*-(pin|cycle) --result pass --measurement [0-9.e-]+ --units seconds$' "$dir/told" && head -1 "$dir/out" | grep -qx 'KTAP version 1'
check "contrib/lava.sh tells LAVA cases and times" || cat "$dir/told" "$dir/err" "$dir/out"

# --- files and directories ---
mkdir "$dir/results"
cp "$reference/seed-1-before.json" "$dir/results/a.json"
cp "$reference/seed-1-before.json" "$dir/results/copy.json"
jq '.started = "2026-10-01T00:00:00Z" | .environment.kernel.release = "6.0.old"' "$reference/seed-1-before.json" >"$dir/results/older.json"
echo '{"cmdline:": "cyclictest"}' >"$dir/results/other.json"
head -c 5000 "$reference/seed-1-after.json" >"$dir/results/torn.json"
echo '{' >"$dir/results/.pinbench-0.tmp"
echo 'text' >"$dir/results/readme.txt"
exits "a directory with other files" 0 "$pinbench" export json "$dir/results"
grep -q 'left out 2 files that cannot be used, first: .*other.json' "$dir/err" && grep -q 'left out 1 copy' "$dir/err"
check "what was left out is counted" || cat "$dir/err"
[ "$(jq -r '[.results[].started] | sort | join(" ")' "$dir/out")" = "2026-10-01T00:00:00Z 2026-11-21T22:44:13Z" ]
check "the rest is there, each once"
exits "prometheus takes the newest" 0 "$pinbench" export prometheus "$dir/results"
grep -q 'left out 1 older result' "$dir/err" && grep -q 'pinbench_run_info{.*release="6.1.192"' "$dir/out" && ! grep -q 6.0.old "$dir/out"
check "and says what it left out"
"$pinbench" export openmetrics "$dir/results" 2>/dev/null | grep -c '^pinbench_run_info' | grep -qx 2
check "openmetrics takes both"
"$pinbench" export openmetrics "$dir/results" 2>/dev/null | tail -1 | grep -qx '# EOF'
check "openmetrics ends in # EOF"
"$pinbench" export openmetrics ci="$dir/results" 2>/dev/null | grep -v '^#' | grep -vc 'label="ci"' | grep -qx 0
check "LABEL=DIR gives all of them that label"
"$pinbench" export csv -k '*,tail,*' "$reference/seed-1-before.json" | cut -d'"' -f4 | sed 1d | sort -u | grep -vc ',tail,' | grep -qx 0
check "--only takes what matches"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null && ! grep -q __asan_init "$pinbench"; then
	strace -o /dev/null -P "$dir/results/older.json" -e inject=read:error=EIO "$pinbench" export csv "$dir/results" >"$dir/out" 2>"$dir/err"
	[ $? -eq 2 ] && [ ! -s "$dir/out" ] && grep -q 'older.json: .*Input/output error' "$dir/err"
	check "a disk error is none of a file of another tool" || cat "$dir/err"
fi
mkdir "$dir/empty" "$dir/strange"
echo '{}' >"$dir/strange/x.json"
jq 'del(.started)' "$files/small.json" >"$dir/timeless.json"
refused "no *.json in this directory" csv "$dir/empty"
refused 'x.json: ' csv "$dir/strange"
refused "No such file" csv "$dir/none.json"
refused 'did you mean "csv"?' cvs "$files/small.json"
refused 'there are prometheus, openmetrics, ktap, csv and json' influx "$files/small.json"
refused "name the format" -k x
refused "name result files" csv
refused "no case matches" csv -k nothing "$files/small.json"
refused 'torn.json:' csv "$dir/results/torn.json"
refused 'two results of label "seed-1-before"' openmetrics "$reference/seed-1-before.json" seed-1-before="$reference/seed-1-after.json"
refused 'give one of them another label: LABEL=FILE' prometheus "$reference/seed-1-before.json" seed-1-before="$reference/seed-1-after.json"
refused '"started"' openmetrics "$dir/timeless.json"

# --- written by rename ---
echo old >"$dir/x.prom"
exits "-o replaces the old file" 0 "$pinbench" export prometheus "$reference" -o "$dir/x.prom"
[ ! -s "$dir/out" ] && "$pinbench" export prometheus "$reference" | cmp - "$dir/x.prom" && [ "$(stat -c %a "$dir/x.prom")" = 644 ]
check "with the same bytes, for all to read"
refused "symbolic link" prometheus "$reference" -o "$(ln -s x.prom "$dir/link.prom" && echo "$dir/link.prom")"
exits "a missing directory is an error" 2 "$pinbench" export prometheus "$reference" -o "$dir/none/x.prom"
(ulimit -f 64 && "$pinbench" export prometheus "$reference" -o "$dir/x.prom") 2>"$dir/err"
[ $? -eq 2 ] && [ "$(wc -c <"$dir/x.prom")" -gt 100000 ] && grep -q 'x.prom' "$dir/err"
check "a file that cannot be written leaves the old one" || cat "$dir/err"
# shellcheck disable=SC2016 # expanded by the inner shell
exits "standard output that is full is an error" 2 sh -c '"$1" export csv "$2" >/dev/full' - "$pinbench" "$reference"
[ -z "$(find "$dir" -name '.pinbench-*.tmp' ! -path '*/results/*')" ]
check "nothing is left beside it"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null && ! grep -q __asan_init "$pinbench"; then
	strace -e trace=rename,renameat,renameat2,openat -o "$dir/trace" "$pinbench" export prometheus "$reference" -o "$dir/x.prom" &&
		grep -qE 'rename.*\.pinbench-.*"x.prom"' "$dir/trace" && ! grep -E 'openat.*"x.prom".*O_(WRONLY|RDWR)' "$dir/trace"
	check "it appears by rename"
fi
exit $bad
