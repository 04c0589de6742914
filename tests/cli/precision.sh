#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run --precision: what ends a case, and that the file and the text say so; what a design can decide is said before it starts.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
# shellcheck source=tests/cli/tap.bash
. tests/cli/tap.bash
dir=$(mktemp -d) || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
one=(-p pinner=process_vm/readv -p layout=base -p state=exclusive -p window=0+64K -p pages_per_call=16 -p samples=5 -p warmup=1)

"$pinbench" run "${one[@]}" --precision 50% -o wide.json >out 2>err
jq -e '.results[0] | .stopped_by == "precision" and .precision > 0 and .precision <= 0.5 and (.runs | length) >= 6' wide.json >/dev/null &&
	grep -qE '^precision: 1 of 1 cases are settled to 50 %, by [0-9]+ runs$' out
check "settled: the case ends, the file and the table say so" || sed 's/^/# /' out
grep -qx '1 row of times: a difference can be significant from 4 runs a side on' err
check "what can be decided, before it starts" || sed 's/^/# /' err

# a hundredth of a percent of five microseconds is less than the clock can see
"$pinbench" run "${one[@]}" --precision=0.01 --max-time=1s -o time.json >out 2>err
jq -e '.results[0] | .stopped_by == "max-time" and .precision > 0.0001 and (.runs | length) >= 6' time.json >/dev/null &&
	grep -qE '^  process_vm.* after [0-9]+ runs \(--max-time\)$' out
check "out of time: so is that" || sed 's/^/# /' out

"$pinbench" run "${one[@]}" --precision=0.01 --runs 7 -q -o runs.json
jq -e '.results[0] | .stopped_by == null and .precision > 0.0001 and (.runs | length) == 7' runs.json >/dev/null
check "no more runs than --runs"

turns=("$pinbench" run "${one[@]}" -p "pages_per_call=1,16" --precision 50 --with "$pinbench" -o a.json --with-output b.json)
"${turns[@]}" -q
jq -se '.[0].schedule.blocks as $blocks | $blocks >= 6 and all(.[]; .complete and .schedule.blocks == $blocks and
	all(.results[]; .stopped_by == "precision" and ([.runs[].block] | sort) == [range($blocks)]))' a.json b.json >/dev/null
check "in turns: whole blocks, until both sides are settled"
sum=$(cat a.json b.json | cksum)
"${turns[@]}" --resume >out 2>err && grep -q '^0 of ' err && [ "$sum" = "$(cat a.json b.json | cksum)" ]
check "and nothing is left to resume" || sed 's/^/# /' err

"$pinbench" run "${one[@]}" --runs 3 -o few.json >out 2>err && grep -qx '1 row of times: 3 runs a side can never be significant; 4 can' err
check "too few runs are said before they are made" || sed 's/^/# /' err
"$pinbench" run "${one[@]}" --with "$pinbench" --runs 5 >out 2>err && grep -qx '1 row of times: 5 pairs can never be significant; 6 can' err
check "so are too few pairs" || sed 's/^/# /' err

for wrong in '--precision 0' '--precision 1x' '--precision 51' '--precision 1 --runs 5' '--max-time 5' '--precision 1 --max-time 0' '--runs 1001'; do
	# shellcheck disable=SC2086 # words
	"$pinbench" run "${one[@]}" $wrong >out 2>err
	[ $? -eq 2 ] && grep -qE '^pinbench run: --(precision|max-time|runs)' err
	check "usage: $wrong"
done
exit $bad
