#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Shared memory, and folios that are mapped otherwise than they were made, on 6.12: what the source says a pin of them
# does, to the page.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

boot --boots 1 -k "after=$(kernel seed-2-after)" -- run -p pinner=gup-test/pin-fast-longterm \
	-p layout=shmem,shmem-2M,memfd-hugetlb-64K,memfd-hugetlb-2M,thp-2M-ptes,thp-64K-part,thp-64K-moved,thp-2M-moved \
	-p state=exclusive,exclusive-ro,shared,previously-shared,unpopulated -p window=0+64K -p pages_per_call=all -p samples=1 -p warmup=0 -p timeout_s=120
same "the job runs" "$status" 0
file=$(file_of after)
[ -f "$file" ] || give_up "no result: $(tail -3 "$dir/err")"
same "complete" "$(jq .complete "$file")" true
same "what is not done has no pages to fault in" \
	"$(jq -r '[.results[] | select(.status != "done") | .params.layout + ": " + .params.state] | unique | join(", ")' "$file")" \
	"thp-2M-moved: unpopulated, thp-2M-ptes: unpopulated, thp-64K-moved: unpopulated, thp-64K-part: unpopulated"
same "references are those expected" \
	"$(jq -r '[.results[] | select(.truth.pins_expected != null and .truth.pins_acquired != .truth.pins_expected) | .key] |
		join(" ")' "$file")" ""
same "copies and reuse are those expected" \
	"$(jq -r '[.results[] | select(.truth.copied_expected != null and (.counts.copied_pages != .truth.copied_expected or
		.counts.reused_pages != .truth.reused_expected)) | .key] | join(" ")' "$file")" ""
same "every page was looked at" \
	"$(jq -r '[.results[] | select(.status == "done" and .params.state != "unpopulated") | .truth.layout_proof] | unique |
		join("; ")' "$file")" "smaps, kpageflags of every page"

# LAYOUT STATE ACCESS: copied, reused, faults, slow pages, acquired, of 16 pages
counts() {
	jq -r ".results[] | select(.params.layout == \"$1\" and .params.state == \"$2\" and .params.access == \"$3\") |
		[.counts.copied_pages, .counts.reused_pages, .counts.faults, .counts.slow_pages, .truth.pins_acquired] |
		join(\" \")" "$file"
}
for layout in shmem shmem-2M memfd-hugetlb-64K memfd-hugetlb-2M; do
	case $layout in *-2M) dropped=16 ;; *) dropped=1 ;; esac
	case $layout in shmem) faults=16 ;; *) faults=1 ;; esac
	for state in exclusive shared previously-shared; do
		same "$layout, $state, read: all of it fast" "$(counts $layout $state read)" "0 0 0 0 16"
		same "$layout, $state, write: all of it fast" "$(counts $layout $state write)" "0 0 0 0 16"
	done
	same "$layout, exclusive-ro, read: slow, no fault, no copy" "$(counts $layout exclusive-ro read)" \
		"0 0 0 16 $((16 + dropped))"
	same "$layout, unpopulated, read: faults" "$(counts $layout unpopulated read)" "0 0 $faults 16 16"
	same "$layout, unpopulated, write: faults" "$(counts $layout unpopulated write)" "0 0 $faults 16 16"
done
for layout in thp-2M-ptes thp-64K-part thp-64K-moved thp-2M-moved; do
	reused=0
	[ $layout != thp-64K-part ] || reused=8
	same "$layout, exclusive-ro, read: all of it fast" "$(counts $layout exclusive-ro read)" "0 0 0 0 16"
	same "$layout, shared, read: a copy a page" "$(counts $layout shared read)" "16 0 16 16 17"
	same "$layout, previously-shared, read: no page of a folio is reused" \
		"$(counts $layout previously-shared read)" "$((16 - reused)) $reused 16 16 17"
done
same "what can be contpte" \
	"$(jq -r '[.results[] | select(.truth.contpte_possible) | .params.layout] | unique | join(" ")' "$file")" "thp-2M-ptes"
exit $bad
