#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Intervals and verdicts on simulated noise, in small: what "make qualify" asks for needs 20,000 repetitions. With 400 a
# coverage is known to +-1.1 points, a rate of "same" with 101 to +-1.6 at the most: what is asserted is four times as wide.
set -u
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
simulate=$(dirname "$(readlink -f "${PINBENCH:-./pinbench}")")/tests/qualify/simulate
if [ ! -x "$simulate" ]; then
	echo "ok - simulation # SKIP $simulate is not built: make tests"
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

"$simulate" 400 >"$dir/lines" 2>"$dir/errors"
status=$?
all() # JQ-CONDITION on the array of all lines
{
	jq -es "$1" "$dir/lines" >/dev/null
}

[ ! -s "$dir/errors" ]
check "it says nothing but its lines"
all 'length > 200 and all(has("row") and has("law") and has("design") and has("n") and has("value"))'
check "each line is an object with row, law, design, n and value"
all 'all(has("ok") == has("low") and has("ok") == has("high") and has("ok") != has("note"))
	and all(.[] | select(has("ok")); .ok == (.value >= .low and .value <= .high))'
check "a line is ok when its value lies between its bars, or says why it has none"
all '[.[] | select(.row == "coverage" and has("ok") and (.measured | not)) | .law] | group_by(.) |
	map(length) == [6, 6, 6, 6, 6, 6]'
check "six laws, three numbers of runs, two designs"
if all 'any(.ok == false)'; then [ $status = 1 ]; else [ $status = 0 ]; fi
check "the exit status says whether a bar was missed"
"$simulate" 20 >"$dir/few"
[ $? = 1 ] && jq -es 'any(.ok == false)' "$dir/few" >/dev/null
check "of so few repetitions some miss their bar, and that is status 1"
"$simulate" 20 | cmp -s - "$dir/few" && ! "$simulate" 20 2 | cmp -s - "$dir/few"
check "the same seed repeats all of it, another does not"
"$simulate" many >"$dir/many" 2>&1
[ $? = 2 ] && grep -q '^usage: simulate' "$dir/many"
check "what is no number is refused"

all 'all(.[] | select(.row == "coverage" and has("ok")); .value > 0.905 - (if .law == "one-sided outliers" then 0.025 else 0 end)
	and .value < 0.995)'
check "95 % intervals contain the truth about as often"
all '[.[] | select(.row == "coverage" and .law == "drift" and .design == "samples").value] | length == 3 and max < 0.5'
check "without turns taken they do not when the machine drifts"
all 'all(.[] | select(.row == "same" and .truth == 0.05 and has("ok")); .value < 0.01)'
check "what is 5 % slower is never the same"
all 'all(.[] | select(.row == "same" and .truth == 0.02 and .law != "one-sided outliers"); .value < 0.09)'
check "what differs by the threshold hardly ever is"
all '[.[] | select(.row == "same" and .truth == 0 and .n == 30 and .design == "pairs").value] | length == 6 and min > 0.9'
check "what did not change is the same with 30 quiet pairs"
all '[.[] | select(.row == "same" and .truth == 0.05 and .n == 30 and .noise == 0.01 and has("ok")).worse] | min > 0.9'
check "what is 5 % slower is worse with 30 quiet runs of each side"
all 'all(.[] | select(.row == "same"); .better + .worse + .unsure + .value | . > 0.9999 and . < 1.0001)'
check "each verdict is one of the four"
exit "$bad"
