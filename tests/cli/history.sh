#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench history: series, change points, kernels in order, the index and what can happen to it, and bad input.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
top=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
index='pinbench-history.sqlite'

# Results made from the fixture small.json: RELEASE DAY TICKS SLOW CONFIG OUT [JQ]
make_result() {
	jq --arg release "$1" --arg day "$2" --argjson ticks "$3" --argjson slow "$4" --arg config "$5" '
		.environment.kernel.release = $release | .environment.kernel.config.CONFIG_DEBUG_VM = $config |
		.started = $day + "T12:00:00Z" | .label = "made-up" |
		(.results[] | select(.status == "done")) |= (.counts.slow_pages = $slow |
			.runs[].samples |= (to_entries | map(if .key == "pages" then . else
				.value |= (to_entries | map($ticks + .key % 3)) end) | from_entries))'"${7:+ | $7}" \
		"$top/tests/fixtures/small.json" >"$6"
}
run() { "$pinbench" history "$@" >"$dir/out" 2>"$dir/err"; }

# Sixteen kernels; 6.9 and later are slower, and none of their pages takes the fast path.
mkdir "$dir/series"
for i in {1..16}; do
	slow=0 ticks=$((100000 + i * 37 % 11 * 10)) config=n
	[ "$i" -lt 9 ] || { slow=1 ticks=$((ticks + 5000)) config=y; }
	make_result "6.$i.0" "2026-01-$(printf %02d $((17 - i)))" $ticks $slow $config "$dir/series/$(printf %02d $((i * 7 % 17))).json"
done

run "$dir/series"
check "a directory of results" || cat "$dir/err"
grep -qF '16 results of 16 kernels, 2026-01-01 to 2026-01-16' "$dir/out"
check "says what it has"
grep -qE '^worse: 6\.8\.0 -> 6\.9\.0 \(measured 2026-01-08\)' "$dir/out" && [ "$(grep -cE '^(worse|better|changed): ' "$dir/out")" = 1 ]
check "rows that moved together are one event, between the right kernels" || cat "$dir/out"
grep -qE 'pin .*\+5\.0 % \(\+[45]\.[0-9] \.\. \+5\.[0-9] %\).*p ' "$dir/out" && grep -qE 'slow_pages .*\+1 +counted' "$dir/out"
check "times with an interval and p, counts as they are"
grep -qF 'configuration: CONFIG_DEBUG_VM n -> y' "$dir/out"
check "what differs in the configuration is named and splits no series"
! grep -q 'New series' "$dir/out" && grep -q '▁.*█' "$dir/out"
check "a sparkline"
cp "$dir/out" "$dir/first"
run "$dir/series" && cmp -s "$dir/out" "$dir/first" && [ -s "$dir/series/$index" ]
check "the same from the index"
run --no-index "$dir/series" && cmp -s "$dir/out" "$dir/first"
check "the same without it"
LC_ALL=C run "$dir/series" && ! grep -q '[^ -~]' "$dir/out"
check "ASCII where the terminal has no more"

# --- which, and since when ---

run --since 2026-01-08 "$dir/series"
[ $? = 1 ] && grep -q '^worse' "$dir/out"
check "--since: status 1, something got worse on that day"
run --since 2026-01-09 "$dir/series" && grep -qF 'No change since 2026-01-09.' "$dir/out"
check "--since: status 0, nothing since"
run --by time "$dir/series" && grep -qE '^better: 6\.9\.0 \(2026-01-08\) -> 6\.8\.0 \(2026-01-09\)' "$dir/out"
check "--by time: the other way round here" || cat "$dir/out"
run --metric slow_pages "$dir/series" && [ "$(grep -c 'slow_pages' "$dir/out")" -ge 2 ] && ! grep -q ' pin  ' "$dir/out"
check "--metric"
key=$(jq -r '[.results[] | select(.status == "done")][0].key' "$top/tests/fixtures/small.json")
run --case "${key:0:12}*" --format csv "$dir/series" && [ "$(cut -d'"' -f2 "$dir/out" | tail -n +2 | sort -u)" != "" ]
check "--case"
refused() { # WHAT SENTENCE ARGUMENT...
	local what=$1 sentence=$2
	shift 2
	run "$@"
	if [ $? -ne 2 ] || [ -s "$dir/out" ] || ! grep -qF -e "$sentence" "$dir/err"; then
		cat "$dir/err"
		false
	fi
	check "refused: $what"
}
refused "a pattern that matches nothing" 'a case that matches "nothing*"' --case 'nothing*' "$dir/series"
refused "a metric that is none" 'did you mean "hit_rate"' --metric hit_rat "$dir/series"
refused "a format that is none" 'no format "html"' --format html "$dir/series"
refused "a day that is none" 'a day as 2026-11-01' --since 2026-13-01 "$dir/series"
refused "yesterday" 'a day as 2026-11-01' --since yesterday "$dir/series"
refused "no directory" 'name the directory' --by time
refused "a directory that is not there" 'No such file' "$dir/nowhere"

# --- git ---

if command -v git >/dev/null; then
	tree=$dir/tree
	git init -q "$tree"
	commit() { git -C "$tree" -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m "$1"; }
	commit 1; git -C "$tree" tag v6.12
	commit 2; two=$(git -C "$tree" rev-parse --short=12 HEAD)
	commit 3; three=$(git -C "$tree" rev-parse --short=12 HEAD)
	git -C "$tree" tag v6.13-rc1
	mkdir "$dir/described"
	# their own count of commits is a lie here: git knows better
	make_result "6.12.0-00009-g$two" 2026-02-03 100 0 n "$dir/described/a.json"
	make_result "6.12.0-00001-g$three" 2026-02-02 100 1 n "$dir/described/b.json"
	make_result "6.12.0" 2026-02-04 100 2 n "$dir/described/c.json"
	make_result "6.12.5-other" 2026-02-01 100 3 n "$dir/described/d.json"
	order() { jq -r '[.kernels[].release | sub("-.*-g.*"; "+")] | join(" ")' "$dir/out"; }
	run --format json "$dir/described" && [ "$(jq -r '[.kernels[].release] | join(" ")' "$dir/out")" = "6.12.0 6.12.0-00001-g$three 6.12.0-00009-g$two 6.12.5-other" ]
	check "kernels in order of their releases" || order
	run --format json --tree "$tree" "$dir/described" && [ "$(jq -r '[.kernels[].release] | join(" ")' "$dir/out")" = "6.12.0 6.12.0-00009-g$two 6.12.5-other 6.12.0-00001-g$three" ] &&
		jq -e '.notes | any(test("1 of 4 kernels are not in"))' "$dir/out" >/dev/null
	check "--tree: in the order of git describe, and how many it does not know" || cat "$dir/out" "$dir/err"
	refused "--tree without a tree" 'git says' --tree "$dir/series" "$dir/described"
fi

# --- machines ---

mkdir "$dir/machines"
for i in {1..6}; do make_result "6.$i.0" "2026-03-0$i" 1000 0 n "$dir/machines/a$i.json"; done
for i in {7..9}; do make_result "6.$i.0" "2026-03-0$i" 9000 5 n "$dir/machines/b$i.json" '.environment.cpu.model = "Another"'; done
run "$dir/machines" && grep -qF 'New series, no change point: processor' "$dir/out" && grep -qF -- '-> Another' "$dir/out" && grep -qF 'No change.' "$dir/out"
check "another machine is another series, and no change point" || cat "$dir/out"

# --- formats ---

run --format json "$dir/series" && jq -e '.schema == "urn:pinbench:history:1" and (.events | length) == 1 and
	(.series | all(.points | length == 16)) and .events[0].direction == "worse"' "$dir/out" >/dev/null
check "JSON"
if python3 -c 'import jsonschema' 2>/dev/null; then
	python3 - "$dir/out" "$top/docs/history-1.schema.json" <<'PYTHON'
import json, sys, jsonschema
schema = json.load(open(sys.argv[2]))
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.validate(json.load(open(sys.argv[1])), schema, jsonschema.Draft202012Validator)
PYTHON
	check "JSON is what its schema says"
else
	echo "ok - JSON against its schema # SKIP no python3-jsonschema (make deps)"
fi
run --format csv "$dir/series" && python3 - "$dir/out" <<'PYTHON'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert all(None not in row and None not in row.values() for row in rows)
steps = [row for row in rows if row["kind"] == "step"]
assert steps and all(row["release"] == "6.9.0" and row["change"] == "worse" and 0.04 < float(row["size"]) < 0.06 for row in steps), steps
assert [row["release"] for row in rows if row["kind"] == "counted"] and len(rows) % 16 == 0
PYTHON
check "CSV: a record a point, with the change that begins there"
run --format markdown "$dir/series" && grep -q '^\*\*worse: ' "$dir/out" && grep -q '^|---|---|--:|---|--:|--:|$' "$dir/out"
check "markdown"
mkdir "$dir/hostile"
jq '.label = "=1+1\u001b[31m<script>|" | .environment.kernel.release = "6.1|<b>\u202e`x`" | .environment.cpu.model = "/home/somebody/cpu"' \
	"$top/tests/fixtures/small.json" >"$dir/hostile/x.json"
for format in text markdown csv json; do
	run --format $format "$dir/hostile" && ! grep -qP '\x1b|\x{202e}' "$dir/out" && { [ $format != markdown ] || ! grep -qF '<b>' "$dir/out"; } &&
		{ [ $format != csv ] || ! grep -qE '(^|,)=' "$dir/out"; } && { [ $format != json ] || ! grep -q somebody "$dir/out"; }
	check "what a file holds cannot steer: $format"
done

# --- kernels that were booted ---

# Whose answers are known: seed-1-after takes the fast path on tail pages of cont-PTE hugetlb, seed-1-before does not
# (Linux 5805192c7b72; a whole such page in one call takes more instructions there), neither differs on hugetlb-2M; CONFIG_DEBUG_VM_PGFLAGS makes every pin dearer and changes no path.
run --no-index --format json results/reference/history
jq -e '. as $h | [.events[] | {direction, from: $h.files[.before].label, to: $h.files[.after].label, configuration,
		rows: [.moves[] | $h.series[.series] | "\(.case | split(",")[1:2] | join(",")) \(.metric)"] | unique}] |
	length == 2 and
	(.[0] | .direction == "worse" and .from == "seed-1-before" and .to == "seed-1-after" and .configuration == null and
		(.rows | index("hugetlb-64K hit_rate") and index("hugetlb-64K cycle") and (map(test("hugetlb-2M")) | any | not))) and
	(.[1] | .direction == "worse" and .from == "seed-1-after" and .to == "seed-1-debug-after" and
		(.configuration | test("CONFIG_DEBUG_VM_PGFLAGS n -> y")) and
		(.rows | (map(test("hit_rate")) | any | not) and index("hugetlb-64K cycle") and index("hugetlb-2M cycle")))' "$dir/out" >/dev/null
check "the reference: a fix, then a checking kernel, and nothing else" || jq -c .events "$dir/out"

# --- pictures ---

if command -v gnuplot >/dev/null; then
	for suffix in svg png; do
		"$pinbench" plot history "$dir/series" -o "$dir/picture.$suffix" 2>"$dir/err"
		check "plot history as $suffix" || cat "$dir/err"
	done
	run --format json "$dir/series"
	python3 - "$dir/picture.svg" "$key" "$(jq '.events[0].moves | length' "$dir/out")" <<'PYTHON'
import re, sys, xml.etree.ElementTree as tree
text = "\n".join("".join(node.itertext()) for node in tree.parse(sys.argv[1]).getroot().iter() if node.tag.endswith(("}text", "}title")))
for words in ("Results over kernels", sys.argv[2] + ": pin", sys.argv[2] + ": hit_rate", "6.1.0", "6.16.0", "16 results of 16 kernels"):
    assert words in text, (words, text)
assert "pinbench-text" not in open(sys.argv[1]).read()
# an orange mark for each row of the only event
assert len(re.findall(r"stroke='rgb\(213, *94, *0\)'", open(sys.argv[1]).read())) == int(sys.argv[3]) > 2
PYTHON
	check "it says what it shows, and marks what got worse"
	"$pinbench" plot history "$dir"/series/*.json --only 'nothing*' -o "$dir/none.svg" 2>"$dir/err"
	[ $? = 2 ] && grep -qF 'a case that matches "nothing*"' "$dir/err" && [ ! -e "$dir/none.svg" ]
	check "and no picture of nothing"
else
	echo "ok - plot history # SKIP gnuplot is not installed (make deps)"
fi

# --- input that is none ---

mkdir "$dir/empty"
refused "an empty directory" 'no finished result in here, no *.json at all' "$dir/empty"
[ ! -e "$dir/empty/$index" ]
check "an empty directory stays empty"
mkdir "$dir/foreign"
echo '{"results": [1, 2]}' >"$dir/foreign/a.json"
echo 'not JSON' >"$dir/foreign/b.json"
refused "files of other tools" '2 are no results of pinbench' "$dir/foreign"
mkdir -p "$dir/mixed/deep/er" "$dir/mixed/.hidden"
cp "$dir/series/01.json" "$dir/mixed/deep/er/good.json"
cp "$dir/series/02.json" "$dir/mixed/.hidden/unseen.json"
cp "$dir/series/01.json" "$dir/mixed/same.json"
cp "$dir/foreign/a.json" "$dir/mixed/"
head -c 900 "$dir/series/03.json" >"$dir/mixed/torn.json"
jq '.complete = false' "$dir/series/04.json" >"$dir/mixed/running.json"
ln -s "$dir/series" "$dir/mixed/link"
mkfifo "$dir/mixed/pipe.json"
: >"$dir/mixed/zero.json"
for with in '' --no-index ''; do
	run $with "$dir/mixed" && grep -q '^1 result of 1 kernel' "$dir/out" && grep -q '1 is a copy' "$dir/out" && grep -q '1 is not finished' "$dir/out" &&
		grep -q '2 are no results of pinbench' "$dir/out" && tr '\n' ' ' <"$dir/out" | grep -q '1 cannot be read'
	check "skipped and counted: copies, unfinished, foreign, torn ${with:-}" || cat "$dir/out" "$dir/err"
done
run "$dir/series/01.json" "$dir/series/02.json" && grep -q '^2 results of 2 kernels' "$dir/out"
check "files that are named"

# --- the index ---

cp -r "$dir/series" "$dir/kept"
run "$dir/kept"
make_result 6.9.0 2026-01-08 200000 1 y "$dir/kept/new.json"
run "$dir/kept" && grep -q '^17 results' "$dir/out"
check "a new file is taken in"
make_result 6.99.0 2026-01-08 200000 7 y "$dir/kept/new.json"
run "$dir/kept" && grep -q '6\.99\.0' "$dir/out"
check "a file that changed is read again"
rm "$dir/kept/new.json"
run "$dir/kept" && sed 's/kept/series/' "$dir/out" | cmp -s - "$dir/first"
check "a file that is gone is forgotten"
if command -v sqlite3 >/dev/null; then
	[ "$(sqlite3 "$dir/kept/$index" 'SELECT count(*) FROM files')" = 16 ] &&
		[ "$(sqlite3 "$dir/kept/$index" 'SELECT count(DISTINCT file) FROM points')" = 16 ] &&
		[ "$(sqlite3 "$dir/kept/$index" 'SELECT count(*) FROM history WHERE metric = "slow_pages" AND value = 1')" -ge 8 ] &&
		[ "$(sqlite3 "$dir/kept/$index" 'SELECT count(*) FROM runs')" -ge 16 ]
	check "its tables can be asked"
	for table in $(sqlite3 "$dir/kept/$index" "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"); do
		grep -qF "\`$table\`" "$top/docs/history.md" || { echo "# $table"; false; }
		check "docs/history.md has the table $table"
	done
	sqlite3 "$dir/kept/$index" 'UPDATE points SET metric = metric + 90'
	run "$dir/kept" && grep -q 'made anew' "$dir/out" && run "$dir/kept" && sed 's/kept/series/' "$dir/out" | cmp -s - "$dir/first"
	check "what cannot be right is made anew"
	sqlite3 "$dir/kept/$index" 'PRAGMA user_version = 99'
	run "$dir/kept" && grep -q 'newer version' "$dir/out" && [ "$(sqlite3 "$dir/kept/$index" 'PRAGMA user_version')" = 99 ]
	check "that of a newer version is left alone"
	rm "$dir/kept/$index"
	sqlite3 "$dir/kept/$index" 'CREATE TABLE mine(x)'
	run "$dir/kept" && grep -q 'something else' "$dir/out" && [ "$(sqlite3 "$dir/kept/$index" 'SELECT count(*) FROM mine')" = 0 ]
	check "that of somebody else, too"
	rm "$dir/kept/$index"
fi
run "$dir/kept"
size=$(stat -c %s "$dir/kept/$index")
for damage in "dd if=/dev/urandom bs=4096 count=3 seek=2 conv=notrunc" "dd if=/dev/zero bs=100 count=1 conv=notrunc" "truncate -s $((size / 2))" "truncate -s 77" "truncate -s 0"; do
	run "$dir/kept"
	case $damage in
	dd*) $damage of="$dir/kept/$index" 2>/dev/null ;;
	*) $damage "$dir/kept/$index" ;;
	esac
	run "$dir/kept" && sed 's/kept/series/' "$dir/out" | grep -v 'the index is made anew\|^  \(malformed\|is not\)' >"$dir/now"
	run "$dir/kept" && sed 's/kept/series/' "$dir/out" | cmp -s - "$dir/first"
	check "after '${damage%% of=*}' it is whole again" || cat "$dir/out" "$dir/err"
done
rm "$dir/kept/$index" && mkdir "$dir/kept/$index"
run "$dir/kept" && grep -q 'without an index' "$dir/out" && grep -q '^worse: 6\.8\.0' "$dir/out"
check "where none can be, it does without"
rmdir "$dir/kept/$index"
ln -s "$dir/elsewhere" "$dir/kept/$index"
run "$dir/kept" && [ ! -e "$dir/elsewhere" ] && grep -q '^worse: 6\.8\.0' "$dir/out"
check "a symbolic link in its place is not followed"
rm "$dir/kept/$index"

# Many at once, of which some are killed.
for i in {1..10}; do
	"$pinbench" history "$dir/kept" >"$dir/at-once-$i" 2>&1 &
	pids[i]=$!
done
for i in 2 5 8; do
	sleep 0.02
	kill -9 "${pids[i]}" 2>/dev/null
done
wait 2>/dev/null
good=0
for i in 1 3 4 6 7 9 10; do
	sed 's/kept/series/' "$dir/at-once-$i" | grep -v '^without an index\|^the index was\|is locked$' | cmp -s - "$dir/first" && good=$((good + 1))
done
[ $good = 7 ]
check "ten at once, three of them killed: the others say the same" || head -5 "$dir"/at-once-*
run "$dir/kept" && sed 's/kept/series/' "$dir/out" | cmp -s - "$dir/first"
check "and so does the next"

# 10,000 files of another tool
mkdir "$dir/many"
# shellcheck disable=SC2016
(cd "$dir/many" && seq -f 'other%05g.json' 10000 | xargs -n 500 sh -c 'for f; do echo "{}" >"$f"; done' sh)
cp "$dir/series/01.json" "$dir/many/one.json"
timeout 120 "$pinbench" history "$dir/many" >"$dir/out" 2>"$dir/err" && grep -q '^1 result ' "$dir/out" && tr '\n' ' ' <"$dir/out" | grep -q '10000 are no results of pinbench'
check "10,000 files" || head -5 "$dir/out" "$dir/err"
exit $bad
