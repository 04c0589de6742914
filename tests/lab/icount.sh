#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Virtual time that counts instructions: two boots with one seed agree, and the result says what its numbers are.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

image=$(kernel seed-1-after)
boot --clock icount --boots 2 -k "twice=$image" -- run -c configs/seed-1.json -p pinner=gup-test/pin-fast \
	-p layout=hugetlb-64K,base -p state=exclusive-ro -p samples=10
same "two boots" "$status" 0
file=$(file_of twice)
[ -f "$file" ] || give_up "no result: $(tail -3 "$dir/err")"
all_done icount "$file"
same "the clock" "$(jq -r '[.environment.harness.clock, .environment.clock] | map(select(. != null)) | unique | join(" ")' "$file")" icount
same "the unit" "$(jq -r '[.metrics[].unit | select(. == "ns" or . == "instructions")] | unique | join(" ")' "$file")" instructions
same "two runs of each case" "$(jq -c '[.results[].runs | length] | unique' "$file")" "[2]"
# One tick of the 62.5 MHz counter is 16 instructions; the medians of the two boots may be one apart.
same "medians agree to within a timer tick" \
	"$(jq -r 'def median: sort | .[length / 2 | floor];
		[.results[] | . as $result | .runs | map(.samples | .cycle // .pin | median) |
		 select((.[0] - .[1] | if . < 0 then -. else . end) > 16) | "\($result.key): \(.)"] | join("; ")' "$file")" ""
holds "a time is not zero" jq -e '[.results[].runs[].samples | (.cycle // .pin)[]] | min > 0' "$file"
exit $bad
