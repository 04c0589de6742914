#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same buffer through gup_test, io_uring and VFIO, over every hugetlb size: all of it runs, and each pinner holds and
# gives back as many references as it says it will.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

boot -k "dma=$(kernel dma)" --memory 4096 --append hugepagesz=1G --append hugepages=1 --timeout 1800 -- run -c configs/dma.json
same "the job runs" "$status" 0
file=$(file_of dma)
[ -f "$file" ] || give_up "no result: $(tail -3 "$dir/err")"
all_done dma "$file"
for pinner in gup-test/pin-fast-longterm gup-test/pin-longterm gup-test/hold-fast io_uring/register vfio/type1; do
	same "$pinner: base pages, THPs and every hugetlb size" \
		"$(jq -r "[.results[] | select(.params.pinner == \"$pinner\" and .status == \"done\") | .params.layout] | unique |
			sort | join(\" \")" "$file")" "base hugetlb-1G hugetlb-2M hugetlb-32M hugetlb-64K thp-2M"
done
same "references acquired are those expected" \
	"$(jq -r '[.results[] | select(.truth.pins_acquired != .truth.pins_expected) | .key] | join(" ")' "$file")" ""
same "references released are those acquired" \
	"$(jq -r '[.results[] | select(.truth.pins_acquired != .truth.pins_released) | .key] | join(" ")' "$file")" ""
same "references held are those stated" \
	"$(jq -r '[.results[] | select(.truth.held_refs != .truth.held_refs_expected) | .key] | join(" ")' "$file")" ""
same "none is left" "$(jq -r '[.results[] | select((.truth.held_refs_left // 0) != 0) | .key] | join(" ")' "$file")" ""
holds "some pins were held" jq -e '[.results[] | select(.truth.held_refs > 0)] | length > 20' "$file"
same "the kernel's entry point of each" \
	"$(jq -r '[.results[] | "\(.params.pinner)=\(.truth.entry)"] | unique | join(" ")' "$file")" \
	"gup-test/hold-fast=pin_user_pages_fast gup-test/hold-slow=pin_user_pages \
gup-test/pin-fast-longterm=pin_user_pages_fast gup-test/pin-longterm=pin_user_pages \
io_uring/register=pin_user_pages_fast vfio/type1=pin_user_pages_remote"
exit $bad
