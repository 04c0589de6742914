#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Folios of less than a PMD, mapped page by page, on 6.12: what the source says a pin of them does, to the page.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

boot --boots 1 -k "after=$(kernel seed-2-after)" -- run -p pinner=gup-test/pin-fast-longterm,gup-test/hold-fast,io_uring/register \
	-p layout=thp-16K,thp-64K,thp-1M -p state=exclusive,exclusive-ro,shared,previously-shared,unpopulated -p window=page,tail -p pages_per_call=all -p samples=2 -p warmup=1 -p timeout_s=120
same "the job runs" "$status" 0
file=$(file_of after)
[ -f "$file" ] || give_up "no result: $(tail -3 "$dir/err")"
same "complete" "$(jq .complete "$file")" true
same "every case that io_uring can do is done" \
	"$(jq -r '[.results[] | select(.status != "done") | .why] | unique | join("; ")' "$file")" "io_uring/register cannot pin for read"
# a pin of one page may take less than the clock can tell; that is said, and true
same "no other warning" \
	"$(jq -r '[.results[] | .warnings // [] | .[] | select(test("grains of its clock") | not)] | unique | join("; ")' "$file")" ""
same "every page was looked at" \
	"$(jq -r '[.results[] | select(.status == "done" and .params.state != "unpopulated") | .truth.layout_proof] | unique |
		join("; ")' "$file")" "smaps, anon_fault_alloc, kpageflags of every page"
same "64K and more can be contpte, 16K cannot" \
	"$(jq -r '[.results[] | select(.truth.contpte_possible != null) | "\(.params.layout) \(.truth.contpte_possible)"] | unique |
		join(", ")' "$file")" "thp-16K false, thp-1M true, thp-64K true"

# LAYOUT STATE ACCESS WINDOW: copied, reused, faults, slow pages, acquired
counts() {
	jq -r ".results[] | select(.params.pinner == \"gup-test/pin-fast-longterm\" and .params.layout == \"$1\" and
		.params.state == \"$2\" and .params.access == \"$3\" and .params.window == \"$4\") |
		[.counts.copied_pages, .counts.reused_pages, .counts.faults, .counts.slow_pages, .truth.pins_acquired] |
		join(\" \")" "$file"
}
for row in thp-16K:4 thp-64K:16 thp-1M:256; do
	layout=${row%:*} n=${row#*:}
	for state in exclusive exclusive-ro; do
		same "$layout, $state, read: all of it fast" "$(counts "$layout" $state read page)" "0 0 0 0 $n"
	done
	for state in shared previously-shared; do
		same "$layout, $state, read: a copy a page, one reference dropped" \
			"$(counts "$layout" $state read page)" "$n 0 $n $n $((n + 1))"
		same "$layout, $state, write: a copy a page" "$(counts "$layout" $state write page)" "$n 0 $n $n $n"
		same "$layout, $state, read: one tail" "$(counts "$layout" $state read tail)" "1 0 1 1 2"
	done
	same "$layout, unpopulated, write: one fault a folio" "$(counts "$layout" unpopulated write page)" "0 0 1 $n $n"
	same "$layout, unpopulated, read: two faults a page" "$(counts "$layout" unpopulated read page)" "0 0 $((2 * n)) $n $n"
done
same "io_uring keeps one reference a folio" \
	"$(jq -c '[.results[] | select(.params.pinner == "io_uring/register" and .params.state == "exclusive" and
		.status == "done") | .truth.held_refs] | unique' "$file")" "[1]"
exit $bad
