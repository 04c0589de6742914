#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What "make qualify" does, in small: everything is measured, judged and printed, and a bar that is missed is seen. The figures
# say nothing: both sides of the "slowdown" are the same program here.
set -u
export LC_ALL=C.UTF-8 COLUMNS=130
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
B=$(dirname "${PINBENCH:-./build/$(uname -m)/pinbench}")
export B
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

printf 'before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n' >"$dir/kept"
status=0
tests/qualify/qualify.sh --smoke --keep "$dir/kept" >"$dir/table" 2>"$dir/steps" || status=$?
[ $status = 1 ]
check "bars were missed: status 1 (got $status)"
! grep -q 'no result' "$dir/table"
check "every step had a result"
for row in "equal to R" "95 % interval covers, normal" "one row, 20 pairs: better or worse" "whole compare, 20 pairs, order drawn" \
	"Mann-Whitney, iterations" "benchstat, -count=10" "+5 % found, 30 pairs, process_vm" "time it took"; do
	grep -q "^  $row" "$dir/table"
	check "a row of \"$row\""
done
# twenty repetitions cannot meet it, and they are the same in every run
grep -q '^  95 % interval covers, normal  .* 93.5-96.5 % *MISSED' "$dir/table"
check "a bar that is missed is said to be"
grep -q '^  n = 1, all equal.* all  *met' "$dir/table"
check "a bar that is met is said to be"
[ "$(sed -n '1p;2p;$p' "$dir/kept" | tr '\n' ' ')" = "before <!-- table --> after " ] && ! grep -q '^old$' "$dir/kept" &&
	grep -qxF -f <(grep '^  95 % interval' "$dir/table" | head -1) "$dir/kept"
check "the table takes the place of the one before"
[ $bad = 0 ] || tail -n 5 "$dir/table" "$dir/steps"
exit $bad
