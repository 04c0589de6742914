#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# compare --format=commit|markdown|csv|json: golden output (UPDATE=1 writes it anew), the same numbers in all of them and in the
# files, the same bytes everywhere.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=tests/fixtures golden=tests/cli
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

same() # FORMAT NAME FILE...: stdout is tests/cli/compare-FORMAT-NAME.out
{
	local format=$1 name=$golden/compare-$1-$2.out
	shift 2
	[ -n "${UPDATE:-}" ] && "$pinbench" compare --format="$format" "$@" >"$name"
	diff -u "$name" <("$pinbench" compare --format="$format" "$@")
	check "golden output: ${name##*/}"
}

for format in commit markdown csv json; do
	same $format lab $files/lab-before.json $files/lab-after.json
done
same commit seeds $files/seeds-before.json $files/seeds-after.json
same commit hit $files/before.json $files/after.json

# Several new sides: a column each.
jq -c '.label = "third" | .duration_s += 1 | (.results[].runs[]?.samples[]?[]?) |= (. * 1.25 | floor)' $files/lab-after.json >"$dir/third.json"
same commit matrix $files/lab-before.json $files/lab-after.json "$dir/third.json"
same markdown matrix $files/lab-before.json $files/lab-after.json "$dir/third.json"
! awk 'length > 75 || /^[^ ]/' $golden/compare-commit-matrix.out | grep .
check "commit: the matrix is indented and 75 columns wide"

# Each side is measured again as it was, where that was not the same.
jq '.command += ["-p", "samples=9"]' $files/after.json >"$dir/other.json"
diff <("$pinbench" compare --format=commit $files/before.json "$dir/other.json" | tail -4) - <<'END'
  reproduce base (pinbench 0.1.0):
    pinbench run -c configs/seed-1.json
  reproduce new (pinbench 0.1.0):
    pinbench run -c configs/seed-1.json -p samples=9
END
check "commit: both commands, where they differ"

# Bytes that neither a terminal, nor its width, nor a locale, nor colour changes.
for format in commit markdown csv json; do
	"$pinbench" compare --format=$format $files/lab-before.json $files/lab-after.json >"$dir/plain"
	COLUMNS=40 TERM=xterm LC_ALL=C "$pinbench" compare --format=$format $files/lab-before.json $files/lab-after.json | cmp - "$dir/plain"
	check "$format: the same bytes in another locale"
	if command -v script >/dev/null; then
		TERM=xterm script -qec "stty cols 50; $pinbench compare --format=$format $files/lab-before.json $files/lab-after.json" /dev/null \
			</dev/null | sed 's/\r*$//' | cmp - <(sed 's/\r*$//' "$dir/plain")
		check "$format: the same bytes in a terminal"
	fi
	"$pinbench" compare --format=$format $files/lab-before.json $files/lab-after.json >/dev/full 2>"$dir/err"
	[ $? -eq 2 ]
	check "$format: output that cannot be written is an error"
done
"$pinbench" compare --format=commit $files/lab-before.json >"$dir/out" 2>"$dir/err"
[ $? -eq 2 ] && [ ! -s "$dir/out" ] && grep -q 'two result files' "$dir/err"
check "commit: of one file is refused"
"$pinbench" compare --format=comit $files/before.json $files/after.json >"$dir/out" 2>"$dir/err"
[ $? -eq 2 ] && [ ! -s "$dir/out" ] && grep -q 'did you mean "commit"' "$dir/err"
check "another format is refused"

if ! python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
	echo "ok - json, csv and markdown # SKIP python3-jsonschema is not installed (make deps)"
	exit $bad
fi
agree() # OPTION-OR-FILE...
{
	python3 tests/compare_formats.py "$pinbench" "$@" || bad=1
}
agree $files/lab-before.json $files/lab-after.json $files/lab-after.json
agree $files/lab-before.json $files/lab-after.json "$dir/third.json"
agree --tails $files/lab-before.json $files/lab-after.json
agree $files/seeds-before.json $files/seeds-after.json
agree $files/before.json $files/after.json
agree $files/unshare-before.json $files/unshare-after.json
agree --force $files/before.json $files/icount.json
agree results/reference/seed-1-before.json results/reference/seed-1-after.json
for side in base new; do
	jq -c --arg name "=1|\`x\`<b>&amp;@x\"'" --arg side $side -f tests/cli/hostile.jq $files/before.json >"$dir/$side.json"
done
agree "$dir/base.json" "$dir/new.json"
jq '.results = []' $files/before.json >"$dir/none.json"
agree "$dir/none.json" $files/before.json

# DMA maps have a throughput beside their time: pages times their size, by the median.
for side in before after; do
	jq -c '.results[].params.pinner = "vfio/type1" | .results |= map(.key |= sub("^[^,]*"; "vfio/type1")) |
		.results += [.results[0] | .key += ",cpu=1" | .status = "skipped" | .why = "=no, \"reason\"" | .fix = "none" | .runs = []]' \
		$files/lab-$side.json >"$dir/map-$side.json"
done
agree "$dir/map-before.json" "$dir/map-after.json"
"$pinbench" compare "$dir/map-before.json" "$dir/map-after.json" | grep -A3 '^throughput' | grep -q 'GB/s.*GB/s'
check "text: the throughput of DMA maps"
! "$pinbench" compare $files/lab-before.json $files/lab-after.json | grep -q throughput
check "text: and of nothing else"
for file in "$dir/map-before.json" $files/before.json $files/seeds-before.json $files/icount.json results/reference/seed-1-before.json \
	results/reference/seed-1-real-before.json "$dir/base.json"; do
	python3 tests/figures_format.py "$pinbench" "$file" || bad=1
done
# sides that measured different things on purpose, as run --with two jobs: no format may call both by the name of one
for side in 0 1; do
	jq --argjson side $side '["base", "thp-2M"] as $layouts | ["page", "0+4K"] as $windows | .schedule = {order: "abba", id: "x", seed: 1,
		blocks: 4, sides: ["a", "b"], side: $side} | .results |= .[:1] | .results[0] |= (.counterpart = (.key | sub("base";
		$layouts[1 - $side]) | sub("head"; $windows[1 - $side])) | .key |= (sub("base"; $layouts[$side]) | sub("head";
		$windows[$side])) | .params.layout = $layouts[$side] | .params.window = $windows[$side] | .runs |= [.[0] as $run |
		range(4) | $run * {index: ., block: .}])' $files/small.json >"$dir/turn$side.json"
done
agree "$dir/turn0.json" "$dir/turn1.json"
jq '.duration_s += 1' "$dir/turn0.json" >"$dir/turn0-again.json"
"$pinbench" compare --format=csv "$dir/turn0.json" "$dir/turn0-again.json" | grep -q ',base,exclusive,.*,pin,time,.*,samples,4,4,'
check "a side of them is compared with itself by its own keys"
for format in commit markdown; do "$pinbench" compare --format=$format "$dir/turn0.json" "$dir/turn1.json" >"$dir/$format"; done
# shellcheck disable=SC2016 # markdown's backticks
grep -qxF '  base -> thp-2M' "$dir/commit" && grep -q '^ *window page n=1 -> 0+4K n=1:$\|^ *page n=1 -> 0+4K n=1 ' "$dir/commit" &&
	grep -q '^<code>base&#32;&#45;&#62;&#32;thp&#45;2M' "$dir/markdown" && grep -qF '| `page` to `0+4K` | 1 |' "$dir/markdown"
check "both sides of a pair that differ on purpose are named" || cat "$dir/commit" "$dir/markdown"
command -v cmark-gfm >/dev/null || echo "ok - markdown as it is rendered # SKIP cmark-gfm is not installed (make deps)"
exit $bad
