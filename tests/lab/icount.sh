#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Virtual time that counts instructions: a boot repeats to the last bit, alone and beside another; its seed, and with it
# where memory lies, differs from boot to boot and not from kernel to kernel; and the result says what its numbers are.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

image=$(kernel seed-1-after)
job=(run -c configs/seed-1.json -p pinner=gup-test/pin-fast -p "layout=hugetlb-64K,base" -p samples=3)
boot --clock icount --boots 3 --jobs 1 -k "first=$image" -- "${job[@]}"
same "three boots" "$status" 0
first=$(file_of first)
[ -f "$first" ] || give_up "no result: $(tail -3 "$dir/err")"
all_done icount "$first"
same "the clock" "$(jq -r '[.environment.harness.clock, .environment.clock] | map(select(. != null)) | unique | join(" ")' "$first")" icount
same "the unit" "$(jq -r '[.metrics[].unit | select(. == "ns" or . == "instructions")] | unique | join(" ")' "$first")" instructions
same "three runs of each case" "$(jq -c '[.results[].runs | length] | unique' "$first")" "[3]"
holds "a time is not zero" jq -e '[.results[].runs[].samples | (.cycle // .pin)[]] | min > 0' "$first"

# Each boot another seed, and all that depends on it.
same "seeds" "$(jq -c '[.results[0].runs[].placement.seed]' "$first")" "[1,2,3]"
differ() { # WHAT FIELD: of every case, three values
	same "$1 differs between the boots of every case" "$(jq -r "[.results[] | select([.runs[].placement.$2] | unique | length != 3) |
		.key] | join(\" \")" "$first")" ""
}
differ "the address of the region" region_start
differ "the number of pages taken before it" pages_before
differ "what the kernel's random numbers gave" entropy
same "the region's page frames differ in most cases" "$(jq '[.results[] | [.runs[].placement.first_frame] | unique | length] |
	(map(select(. > 1)) | length) * 2 > length' "$first")" true
same "some case takes another number of instructions" "$(jq '[.results[] | select([.runs[].samples | (.cycle // .pin) | tostring] |
	unique | length > 1)] | length > 0' "$first")" true

# The same seeds again, two boots side by side: everything that was measured is the same.
measured() { jq -c '[.results[] | {key, status, runs, counts, truth, warnings}]' "$1"; }
boot --clock icount --boots 3 --jobs 2 -k "again=$image" -- "${job[@]}"
same "three boots again, two side by side" "$status" 0
again=$(file_of again)
same "are the same, sample by sample and page by page" "$(cmp <(measured "$first") <(measured "$again") 2>&1)" ""
boot --clock icount --boots 1 --seed 3 -k "third=$image" -- "${job[@]}"
same "the third boot alone is the same, too" "$(cmp <(jq -c '[.results[].runs[2] | del(.index, .block, .slot)]' "$first") \
	<(jq -c '[.results[].runs[0] | del(.index, .block, .slot)]' "$(file_of third)") 2>&1)" ""
exit $bad
