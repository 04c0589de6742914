#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A case has one number, wherever it is shown, and it is that of its runs: computed from the samples by tests/one_number.py.
set -u
export LC_ALL=C.UTF-8
pinbench=$(realpath "${PINBENCH:-./pinbench}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }

for lane in seed-1-real seed-1; do
	python3 tests/one_number.py "$pinbench" "$dir" results/reference/$lane-before.json results/reference/$lane-after.json
	check "one number everywhere: $lane"
done
python3 tests/one_number.py "$pinbench" "$dir" tests/fixtures/lab-before.json tests/fixtures/lab-after.json
check "one number everywhere: runs that took turns"

# The case that was 11.14 in the picture and 9.136 in the table.
one='^gup-test/pin-fast,hugetlb-64K,exclusive-ro,read,0[+]256K,n=64$'
files=(results/reference/seed-1-real-before.json results/reference/seed-1-real-after.json)
"$pinbench" compare --filter "$one" "${files[@]}" >"$dir/two" && grep -q 'cycle .*0+256K .* 9\.136 us .* 17\.40 us' "$dir/two" &&
	"$pinbench" compare "${files[0]}" | grep -A30 'hugetlb-64K' | grep -q '0+256K .* 9\.136 us'
check "9.136 and 17.40 us"
if command -v gnuplot >/dev/null; then
	"$pinbench" plot bars --only '*,hugetlb-64K,exclusive-ro,read,0+256K,n=64' "${files[@]}" -o "$dir/bars.svg" &&
		grep -q '9\.136 us' "$dir/bars.svg" && grep -q '17\.40 us' "$dir/bars.svg"
	check "in the picture, too"
fi
exit $bad
