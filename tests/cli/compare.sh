#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench compare: golden output (UPDATE=1 writes it anew), refusals, and files that want to hurt.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=tests/fixtures golden=tests/cli
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8
unset NO_COLOR
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

same() # NAME FILE...: stdout of compare is tests/cli/NAME.out
{
	local name=$1
	shift
	[ -n "${UPDATE:-}" ] && "$pinbench" compare "$@" >$golden/"$name".out
	diff -u $golden/"$name".out <("$pinbench" compare "$@")
	check "golden output: $name"
}

# What a terminal of that many columns shows; not everyone has script(1).
terminal() # COLUMNS FILE...
{
	local columns=$1
	shift
	TERM=dumb script -qec "stty cols $columns; $pinbench compare $*" /dev/null </dev/null | tr -d '\r'
}

same_on() # NAME COLUMNS FILE...: the same on a terminal
{
	local name=$1-$2
	shift
	[ -n "${UPDATE:-}" ] && terminal "$@" >$golden/"$name".out
	diff -u $golden/"$name".out <(terminal "$@") && ! awk -v most="$1" 'length > most { print "wide: " $0 }' $golden/"$name".out | grep .
	check "golden output on a terminal: $name"
}

refused() # WHAT SENTENCE FILE...: exit 2, nothing on stdout, SENTENCE on stderr
{
	local what=$1 sentence=$2
	shift 2
	"$pinbench" compare "$@" >"$dir/out" 2>"$dir/err"
	if [ $? -ne 2 ] || [ -s "$dir/out" ] || ! grep -qF -e "$sentence" "$dir/err"; then
		cat "$dir/err"
		false
	fi
	check "refused: $what"
}

same compare $files/before.json $files/after.json
same compare-unshare $files/unshare-before.json $files/unshare-after.json
same compare-one $files/before.json
same compare-one-unshare $files/unshare-before.json
# another measurement that gave the same figures
jq -c '.duration_s += 1' $files/icount.json >"$dir/icount-again.json"
same compare-icount $files/icount.json "$dir/icount-again.json"

same compare-lab $files/lab-before.json $files/lab-after.json
same compare-seeds $files/seeds-before.json $files/seeds-after.json
if command -v script >/dev/null; then
	for columns in 80 120; do
		same_on compare-lab $columns $files/lab-before.json $files/lab-after.json
		same_on compare-seeds $columns $files/seeds-before.json $files/seeds-after.json
		same_on compare $columns $files/before.json $files/after.json
	done
fi

# verdict of one row: METRIC LAYOUT N -> the last words of its line
verdict() # FILE... -- METRIC GROUP WINDOW PER-CALL
{
	local sides=()
	while [ "$1" != -- ]; do sides+=("$1"); shift; done
	"$pinbench" compare "${sides[@]}" | awk -v metric="$2" -v group="$3" -v window="$4" -v call="$5" '
		/^[^ ]/ { here = $0 == group } !here { next }
		/^  [^ ]/ { now = $1; $1 = ""; $0 = $0 } now == metric && $1 == window && $2 == call {
			for (i = 3; i <= NF; i++) if ($i ~ /^(same|better|worse|unsure|differs|fewer|more|mixed)$/) print $i }'
}
v() { verdict $files/lab-before.json $files/lab-after.json -- "$@"; }
[ "$(v pin thp-2M region 1)" = worse ] && [ "$(v pin thp-2M region 512)" = better ] &&
	[ "$(v pin base region 512)" = same ] && [ "$(v pin base region 1)" = unsure ]
check "the four verdicts of data that were made to have them"
r() { verdict $files/lab-after.json $files/lab-before.json -- "$@"; }
[ "$(r pin thp-2M region 1)" = better ] && [ "$(r pin thp-2M region 512)" = worse ] && [ "$(r pin base region 512)" = same ]
check "turned round, better is worse"
[ "$(verdict --threshold=10 $files/lab-before.json $files/lab-after.json -- pin thp-2M region 1)" = same ] &&
	[ "$(verdict --threshold 0.1% $files/lab-before.json $files/lab-after.json -- pin base region 512)" = worse ]
check "--threshold moves the line"
[ "$(verdict $files/seeds-before.json $files/seeds-after.json -- pin base page 1)" = more ] &&
	[ "$(verdict --threshold 2.1 $files/seeds-before.json $files/seeds-after.json -- pin base page 1)" = same ]
check "--threshold holds for instructions only when it is given"
jq -c '.duration_s += 1' $files/lab-before.json >"$dir/lab-again.json"
! "$pinbench" compare $files/lab-before.json "$dir/lab-again.json" | grep -E '^ .*(better|worse)( \[[0-9]+\])?$'
check "the same figures are neither better nor worse"

"$pinbench" compare --filter 'hugetlb-2M' $files/lab-before.json $files/lab-after.json >"$dir/out"
# asked for; its controls on base pages; what got worse
grep -q '^hugetlb-2M' "$dir/out" && grep -q '^base' "$dir/out" && grep -q '^thp-2M' "$dir/out" &&
	[ "$(grep -cE '^  +(pin )? +region +(1|512) .*(worse|better)$' "$dir/out")" = 2 ] && grep -q '^below: ' "$dir/out"
check "--filter shows controls and what got worse too"
"$pinbench" compare --tails $files/lab-before.json $files/lab-after.json | grep -q 'p99: missing in 12 rows: .*(fewest: 5)'
check "--tails says what is missing"

# several files a side
mkdir "$dir/base" "$dir/new" "$dir/mixed"
for i in 1 2 3 4; do
	jq --argjson i $i '(.results[].runs[]?.samples.pin[]?) += $i * 3' $files/before.json >"$dir/base/$i.json"
	jq --argjson i $i '(.results[].runs[]?.samples.pin[]?) += $i * 3' $files/after.json >"$dir/new/$i.json"
done
echo 'no result' >"$dir/base/notes.txt"
"$pinbench" compare "old=$dir/base" "fresh=$dir/new" >"$dir/out"
grep -q '^base  old  *6.1.192  4 processes' "$dir/out" && grep -q '^new   fresh' "$dir/out" &&
	grep -q '^4 processes each, one side after the other' "$dir/out"
check "directories are runs of one side, and labels name them"
cp "$dir/base/1.json" "$dir/base/copy.json"
refused "a copy is no second measurement" "copy.json: all its samples are in another file" "$dir/base" $files/after.json
rm "$dir/base/copy.json"
jq '.results[].runs |= .[:1]' "$dir/base/4.json" >"$dir/base/5-begun.json"
refused "nor is what a file was before it was finished" "5-begun.json: all its samples" "$dir/base" $files/after.json
"$pinbench" compare --force "old=$dir/base" "fresh=$dir/new" | grep -q '^merged by --force: all samples of .*5-begun.json are in another'
check "a copy, forced, is said"
# two schedules of two boots with three processes each are four boots
for i in 1 2; do
	for side in 0 1; do
		mkdir -p "$dir/boots$side"
		jq --argjson i $i --argjson side $side '.environment.lab.accel = "kvm" | .schedule = {order: "abba", id: "s\($i)", seed: 1,
			blocks: 2, sides: ["b", "n"], side: $side} | .results |= .[:1] | .results[0].runs |= [.[0] as $run | range(6) |
			. as $j | ($j / 3 | floor) as $block | $run * {index: $j, block: $block, slot: (2 * $block + $side)} |
			.samples.pin[]? += 100 * $i + 10 * $j + 400 * $side]' $files/small.json >"$dir/boots$side/$i.json"
	done
done
"$pinbench" compare "$dir/boots0" "$dir/boots1" >"$dir/out"
grep -q '^base .* 4 boots ' "$dir/out" && grep -q '^4 boots each, one side after the other' "$dir/out" && ! grep -q worse$ "$dir/out"
check "processes of one boot stay one when schedules are merged"
cp $files/before.json $files/after.json "$dir/mixed"
refused "a directory of two kernels" "cannot be runs of one side: kernel: 6.1.193 and 6.1.192; label: made-up-after and made-up-before" "$dir/mixed" $files/before.json
"$pinbench" compare --force "$dir/mixed" $files/before.json | grep -q '^merged by --force:'
check "a directory of two kernels, forced, says so"
for what in cpu.model:processor kernel.cmdline:"command line of the kernel" lab.image:"image of the kernel"; do
	rm "$dir/mixed"/*
	for i in 1 2; do
		jq --arg path "${what%%:*}" --argjson i $i 'setpath(["environment"] + ($path / "."); "\("x" * 150) \($i)") |
			(.results[].runs[]?.samples.pin[]?) += $i' $files/before.json >"$dir/mixed/$i.json"
	done
	refused "a directory of two: ${what#*:}" "cannot be runs of one side: ${what#*:}: xxx" "mine=$dir/mixed" $files/before.json
done
cp $files/small.json "$dir/a=b.json"
"$pinbench" compare "$dir/a=b.json" >"$dir/out" && (cd "$dir" && "$pinbench" compare a=b.json) | cmp -s "$dir/out"
check "a file whose name has a = in it"
"$pinbench" compare --each $files/lab-before.json $files/lab-after.json "$dir/lab-again.json" >"$dir/out"
[ "$(grep -c '^[12] of 2$' "$dir/out")" = 2 ] && [ "$(grep -c '^base  made-up-before' "$dir/out")" = 2 ]
check "--each: several new files, a section each"

# several new files, a column each: what they say is that of --each
jq -c '.label = "half" | (.results[].runs[]?.samples[]?[]?) |= (. / 2 | floor)' $files/lab-before.json >"$dir/half.json"
jq -c '.label = "missing" | .results |= map(select(.key | test("thp") | not)) | .results[0].status = "failed" | .results[0].why = "no reason"' \
	$files/lab-after.json >"$dir/missing.json"
matrix=("$files/lab-before.json" "$files/lab-after.json" "$dir/half.json" "$dir/missing.json")
same compare-matrix "${matrix[@]}"
command -v script >/dev/null && same_on compare-matrix 80 "${matrix[@]}"
python3 - "$pinbench" "${matrix[@]}" <<'END'
import json, subprocess, sys
pinbench, *files = sys.argv[1:]
run = lambda *options: subprocess.run([pinbench, "compare", *options, *files], capture_output=True, check=True, text=True).stdout
comparisons, text = json.loads(run("--format=json"))["comparisons"], run()
for i, comparison in enumerate(comparisons):
    tally = ", ".join(f"{nr} {name}" for name in ("worse", "better", "differs", "same", "unsure") if (nr := comparison["verdicts"][name]))
    line = next(line for line in text.splitlines() if line.startswith(f"new {i + 1} "))
    assert line.endswith(tally) or tally + " " in line, (line, tally)
words = " ".join(line for line in text.splitlines() if line.startswith("  ")).split()
for name in ("worse", "better", "unsure", "differs"):
    have, want = words.count(name), sum(comparison["verdicts"][name] for comparison in comparisons)
    assert have == want, (name, have, want)
END
check "several new files: a table that has every verdict of compare --format=json"

# What cannot be compared
jq '.environment.memory.page_bytes = 16384' $files/before.json >"$dir/pages.json"
jq '.environment.kernel.arch = "x86_64"' $files/before.json >"$dir/arch.json"
jq '.tool.benchmark = 2' $files/before.json >"$dir/benchmark.json"
jq '.environment.lab = {"accel": "kvm"}' $files/before.json >"$dir/guest.json"
for what in pages:"page size: 4096 and 16384" arch:"architecture: aarch64 and x86_64" \
	benchmark:"version of the benchmark: 1 and 2" guest:"what ran the code"; do
	refused "${what%%:*}" "${what#*:}" $files/before.json "$dir/${what%%:*}.json"
	"$pinbench" compare --force $files/before.json "$dir/${what%%:*}.json" >"$dir/out" &&
		grep -q "^NOT COMPARABLE, compared by --force: ${what#*:}" "$dir/out"
	check "forced, and said: ${what%%:*}"
done
"$pinbench" compare --force $files/before.json $files/icount.json >"$dir/out" && ! grep -qE '^  (pin|unpin) ' "$dir/out"
check "instructions and ns, forced: counts only"
jq '(.metrics | .pin, .unpin, .cycle).unit = "instructions"' $files/unshare-after.json >"$dir/unshare-icount.json"
"$pinbench" compare --force $files/unshare-before.json "$dir/unshare-icount.json" >"$dir/out" && ! grep -q '^unshare cost' "$dir/out"
check "and no cost that is the difference of both"
jq '.imported = "gup_test log" | del(.environment.kernel.arch)' $files/before.json >"$dir/log.json"
"$pinbench" compare "$dir/log.json" $files/after.json >"$dir/out" && grep -q '^architecture: not known and aarch64' "$dir/out" &&
	grep -q 'how often it was repeated is not known' "$dir/out"
check "what an imported file does not know is said, not refused"
refused "a threshold that is none" "is not a percentage" --threshold=two $files/before.json $files/after.json
refused "a threshold of everything" "below 100" --threshold=100 $files/before.json $files/after.json
refused "a format that is none" "did you mean" --format=tex $files/before.json $files/after.json
refused "a filter that is none" "--filter" --filter='(' $files/before.json $files/after.json

# Emulated: ns that must not be taken for those of a machine; instructions may be.
jq '.environment.lab = {"accel": "tcg"}' $files/before.json >"$dir/tcg.json"
jq '.environment.lab = {"accel": "kvm"}' $files/before.json >"$dir/kvm.json"
jq '.environment.lab = {"accel": "tcg"}' $files/icount.json >"$dir/tcg-icount.json"
jq '.environment.lab = {"accel": "tcg"}' "$dir/icount-again.json" >"$dir/tcg-icount-again.json"
warnings() { "$pinbench" compare "$@" | grep -c 'times of a software emulator'; }
[ "$(warnings "$dir/tcg.json")" = 1 ] && [ "$(warnings --force "$dir/tcg.json" "$dir/kvm.json")" = 1 ] &&
	[ "$(warnings "$dir/kvm.json")" = 0 ] && [ "$(warnings "$dir/tcg-icount.json" "$dir/tcg-icount-again.json")" = 0 ]
check "times of an emulator are said to be such"

refused "instructions with ns" "cannot be compared: clock: ns and instructions" $files/before.json $files/icount.json
refused "no file" "name two result files"
refused "a file that is not there" "No such file" $files/before.json "$dir/none.json"
mkdir "$dir/empty"
refused "a directory without results" "no *.json" "$dir/empty" $files/before.json
mkfifo "$dir/pipe"
refused "a pipe, without waiting for it" "not a regular file" "$dir/pipe"

head -c 3000 $files/before.json >"$dir/cut.json"
refused "half a file" "cut.json:1:3000:" "$dir/cut.json"
sed 's/"samples":{"pin":\[[0-9]*,/"samples":{"pin":[4.5,/' $files/small.json >"$dir/real.json"
refused "a sample that is not whole" "real.json: results[0].runs[0].samples.pin[0]: not an integer" "$dir/real.json"
sed 's/"complete":true/"complete":true,"complete":true/' $files/small.json >"$dir/twice.json"
refused "a key that is there twice" "duplicate" "$dir/twice.json"
sed 's/result:1/result:9/' $files/small.json >"$dir/later.json"
refused "another version" "urn:pinbench:result:9" "$dir/later.json"
{ printf '%0.s[' {1..100000}; } >"$dir/deep.json"
refused "a hundred thousand brackets" "deep.json:1:33: nested deeper than 32" "$dir/deep.json"
{ printf '['; yes '1,' | head -n 5000000 | tr -d '\n'; printf '1]'; } >"$dir/many.json"
refused "five million numbers" "more than 4000000 values" "$dir/many.json"
truncate -s 65M "$dir/big.json"
refused "65 MiB" "limit of 64 MiB" "$dir/big.json"
printf '{"schema": "urn:pinbench:result:1"} trailing' >"$dir/trailing.json"
refused "text after the end" "trailing.json:1:" "$dir/trailing.json"
printf '{"a\033[31m": 1, "a\033[31m": 2}' >"$dir/escape.json"
refused "an escape sequence in bad JSON" "escape.json" "$dir/escape.json"
! grep -q "$(printf '\033')" "$dir/err"
check "the error shows no escape sequence"

mkdir "$dir/names" && printf '{' >"$dir/names/$(printf '\033]0;x\a')1.json"
refused "a file whose name is an escape sequence" '/?]0;x?1.json:1:' "$dir/names"

sed 's/"label":"[^"]*"/"label":"\\u001b[31mred\\u202e\\u0007\\n\\u009b2J"/; s/"CONFIG_DEBUG_VM":"n"/"CONFIG_DEBUG_VM":"\\u001b]0;x\\u0007"/' \
	$files/before.json >"$dir/hostile.json"
"$pinbench" compare "$dir/hostile.json" $files/after.json >"$dir/out" && "$pinbench" compare "$dir/hostile.json" >>"$dir/out"
check "a hostile label is read"
grep -q '\[31mred' "$dir/out" && ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$dir/out"
check "no control character gets through"
! grep -qP '\x{202e}|\x{9b}' "$dir/out"
check "no mark that turns the text round gets through"
! LC_ALL=C "$pinbench" compare $files/before.json $files/after.json | LC_ALL=C grep -q "$(printf '[\200-\377]')"
check "ASCII where the locale is not UTF-8"

# a terminal: colour, unless told otherwise
if command -v script >/dev/null; then
	color() { env "$@" script -qec "$pinbench compare $files/small.json" /dev/null </dev/null | grep -c "$(printf '\033')"; }
	[ "$(color TERM=xterm)" -gt 0 ] && [ "$(color TERM=xterm NO_COLOR=1)" -eq 0 ] && [ "$(color TERM=dumb)" -eq 0 ]
	check "colour on a terminal only, and not with NO_COLOR or TERM=dumb"
fi
[ "$("$pinbench" compare --help | awk 'length > 80' | wc -l)" -eq 0 ] && [ "$("$pinbench" compare --help | wc -l)" -le 24 ]
check "--help fits 80x24"
"$pinbench" compare $files/small.json >/dev/full 2>"$dir/err"
[ $? -eq 2 ]
check "output that cannot be written is an error"
exit $bad
