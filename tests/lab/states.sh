#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The states that stand on others, on 6.12: half of a folio in the child, children without the memory or with copies of
# it, mlock(); and the control that never unshares.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

boot --boots 1 -k "after=$(kernel seed-2-after)" -- run -p pinner=gup-test/pin-fast-longterm,vmsplice/pipe \
	-p layout=base,thp-64K,thp-2M,hugetlb-2M,shmem \
	-p state=partially-shared,dontfork,pinned-then-forked,mlocked,shared \
	-p access=read -p window=0+4M -p pages_per_call=all -p size=4M -p samples=1 -p warmup=0 -p timeout_s=120
same "the job runs" "$status" 0
file=$(file_of after)
[ -f "$file" ] || give_up "no result: $(tail -3 "$dir/err")"
same "complete" "$(jq .complete "$file")" true
same "what is not done cannot be" \
	"$(jq -r '[.results[] | select(.status != "done") | "\(.params.layout) \(.params.state) \(.status)"] | unique | join(", ")' \
		"$file")" "hugetlb-2M mlocked skipped, shmem partially-shared skipped, shmem pinned-then-forked skipped"
same "frames and flags were seen" \
	"$(jq -r '[.results[] | select(.status == "done") | .truth.state_proof] | unique | join(", ")' "$file")" \
	"pagemap, kpageflags"

# PINNER LAYOUT STATE: copied, reused, slow pages, acquired, of 1024 pages
counts() {
	jq -r ".results[] | select(.params.pinner == \"$1\" and .params.layout == \"$2\" and .params.state == \"$3\") |
		[.counts.copied_pages, .counts.reused_pages, .counts.slow_pages, .truth.pins_acquired] | join(\" \")" "$file"
}
pin=gup-test/pin-fast-longterm
for layout in base thp-64K thp-2M hugetlb-2M; do
	for state in dontfork pinned-then-forked mlocked; do
		[ $layout$state != hugetlb-2Mmlocked ] || continue
		same "$layout, $state: all of it fast" "$(counts $pin $layout $state)" "0 0 0 1024"
	done
done
same "base, partially-shared: half copied, half reused" "$(counts $pin base partially-shared)" "512 512 1024 1025"
same "hugetlb-2M, partially-shared: one copied, one reused" "$(counts $pin hugetlb-2M partially-shared)" "512 512 1024 1536"
same "thp-64K, partially-shared: all copied" "$(counts $pin thp-64K partially-shared)" "1024 0 1024 1025"
same "thp-2M, partially-shared: all copied" "$(counts $pin thp-2M partially-shared)" "1024 0 1024 1536"
same "shmem, mlocked and with a child: all of it fast" \
	"$(counts $pin shmem mlocked), $(counts $pin shmem shared), $(counts $pin shmem dontfork)" "0 0 0 1024, 0 0 0 1024, 0 0 0 1024"
for layout in base thp-64K thp-2M hugetlb-2M shmem; do
	same "vmsplice never unshares: $layout" "$(counts vmsplice/pipe $layout shared)" "0 0 0 0"
done
same "what vmsplice holds of shared memory is stale after a write" \
	"$(jq -c '[.results[] | select(.params.pinner == "vmsplice/pipe" and .params.state == "shared" and
		.params.layout != "shmem") | .truth.held_pin_sees_writes] | unique' "$file")" "[false]"
exit $bad
