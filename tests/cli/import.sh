#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench import gup_test: what a user types and gets; test_import.c has the formats. The logs in tests/fixtures/logs were made by
# hand from the format strings of the kernels that they name, with figures that this script knows.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
top=$PWD logs=$PWD/tests/fixtures/logs
dir=$(mktemp -d) || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
# shellcheck source=tests/cli/tap.bash
. "$top/tests/cli/tap.bash"

import() # CODE ARGUMENT...
{
	local code=$1 got
	shift
	"$pinbench" import gup_test "$@" >out 2>err
	got=$?
	[ "$got" -eq "$code" ] || { echo "# exit $got, not $code: import gup_test $*"; sed 's/^/# /' err; return 1; }
}

is() # FILE FILTER: jq says true
{
	jq -e "$2" "$1" >/dev/null || { echo "# not in $1: $2"; return 1; }
}

says() # SENTENCE...: on stderr, nothing on stdout
{
	local sentence
	for sentence; do
		grep -qF -- "$sentence" err || { echo "# stderr does not say: $sentence"; sed 's/^/# /' err; return 1; }
	done
	[ ! -s out ]
}

# --- a mail with both kernels ---
import 2 "$logs/mail.txt" -o x.json && [ ! -e x.json ] && says '2 sections, which are not to be mixed' \
	'1 "Without this patch" (line 11), 2 "With this patch" (line 26)' '--section 1 -o base.json, then --section 2 -o new.json'
check "two sections are asked about, not mixed"
import 0 "$logs/mail.txt" --section without -o base.json && grep -q 14.00 out && import 0 "$logs/mail.txt" -s 2 -o new.json
check "a section by word and by number"
is base.json '.imported == "gup_test log" and (.results | length) == 2 and .label == "mail-Without-this-patch" and .environment == {}' &&
	is base.json '.results[0] | .params == {pinner: "gup-test/pin-longterm", layout: "hugetlb-unknown", state: "exclusive",
		access: "write", window: "region", offset: 0, bytes: 8589934592, region_bytes: 8589934592, pages_per_call: 512}
		and .truth.call == "./gup_test -HL -m 8192 -n 512"
		and (.runs | length) == 1 and .runs[0].samples == {pin: [14001000], unpin: [10801000]}
		and .runs[0].clock.pin == "gup-test-us" and .runs[0].quantum.pin == 1000' &&
	is new.json '.results[1].runs[0].samples == {pin: [131701000], unpin: [31301000]}'
check "figures in ns, the case from the command line, hugetlb of unknown size"

# The key is the one of a pinbench run of the same thing, where the log says all of it.
"$pinbench" run --dry-run -p pinner=gup-test/pin-longterm -p layout=base -p state=exclusive -p access=write -p window=region \
	-p size=8G -p pages_per_call=512 >plan 2>&1
is base.json '.results[1].key == "'"$(sed -n 's/^\(run\|skip\)  \([^ ]*\).*/\2/p' plan)"'"'
check "the key is that of a plan"

# --- two imports are compared (test_import.c has the verdicts) ---
"$pinbench" compare base.json new.json >out 2>err && grep -q -- '-65\.7' out
check "two imports are compared"

# --- a log of run_vmtests.sh ---
import 1 "$logs/vmtests.log" -o vm.json --label old -q && [ ! -s out ]
check "a call that failed: 1, like a case of run"
is vm.json '.label == "old" and .environment.kernel.release == "6.12.1-test" and (.results | map(.status)) == ["done", "failed"]
	and .results[1].runs == [] and (.results[1].why | test("line 29: .*mmap: Cannot allocate memory"))'
check "what failed has a reason and no figures, what is not a benchmark is not there"
import 0 - -o stdin.json <"$logs/bench-2026.log" && is stdin.json '.label == "imported" and (.results | length) == 3'
check "standard input"
import 0 <(sed -n 1,4p "$logs/benchmark-4.20.log") -o pipe.json && is pipe.json '.results[0].runs[0].samples.pin == [112000]'
check "a pipe"
(cd "$dir" && import 0 "$logs/bench-2026.log" && ls results/bench-2026-20*.json >/dev/null)
check "results/LABEL-UTC.json where no file is named"
printf '$ ./gup_test -L\nTAP version 13\n1..1\n# check if CONFIG_GUP_TEST is enabled in kernel config\n' >none.log
import 4 none.log -o none.json && is none.json '.results[0].status == "skipped" and (.results[0].fix | test("CONFIG_GUP_TEST"))'
check "it could not run: 4"

# --- refused ---
echo 'nothing here' >empty.log
import 2 empty.log && says 'empty.log: no figures of gup_test' 'PIN_FAST_BENCHMARK: Time: get:123 put:45 us'
check "no figures: 2, and what was looked for"
import 2 missing.log && says 'missing.log: cannot read: No such file or directory'
check "no such file"
import 2 . && says 'cannot read: Is a directory'
check "a directory"
mkfifo fifo && timeout 5 "$pinbench" import gup_test fifo >out 2>err
[ $? -eq 2 ] && says 'fifo: not a regular file: it is a FIFO'
check "a FIFO is refused, not waited for"
import 2 /dev/null && says '/dev/null: not a regular file'
check "a device"
import 2 "$logs/mail.txt" -s nowhere && says '--section nowhere: no section is called so' '1 "Without this patch"'
check "no such section"
import 2 empty.log --label a/b && says '--label'
check "a label that is none"
truncate -s 65M large.log
import 2 large.log && says 'large.log: above the limit of 64 MiB'
check "more than 64 MiB"
truncate -s 64M large.log # zeros: one line, far too long
import 2 large.log && says 'no figures'
check "64 MiB of nothing"
"$pinbench" import gup_tset x >out 2>err
[ $? -eq 2 ] && says 'no format "gup_tset"; did you mean "gup_test"?'
check "another format"
import 2 && says 'name the log'
check "no log"

# --- 64 MiB of figures end, one way or the other ---
{ echo '$ ./gup_test -aTw -r 900000'; yes 'PIN_FAST_BENCHMARK: Time: get:12345 put:2345 us' | head -900000; } >many.log
import 0 many.log -q -o many.json && is many.json '.results[0].runs[0].samples.pin | length == 900000'
check "900,000 figures of one process"

# --- every file that was written is as the schema says ---
if python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
	python3 - "$top/docs/result-1.schema.json" base.json new.json vm.json stdin.json pipe.json none.json <<-'END'
		import json, sys
		from jsonschema import Draft202012Validator
		validator = Draft202012Validator(json.load(open(sys.argv[1])))
		bad = [(name, error.message[:200]) for name in sys.argv[2:] for error in validator.iter_errors(json.load(open(name)))]
		measured = json.load(open("base.json"))
		del measured["imported"]
		if validator.is_valid(measured):
		    bad.append("without \"imported\" the pages must be there")
		print(*bad, sep="\n", end="")
		sys.exit(bool(bad))
	END
	check "the schema"
else
	echo "ok - the schema # SKIP python3-jsonschema is not installed (make deps)"
fi
exit $bad
