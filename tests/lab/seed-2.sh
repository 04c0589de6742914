#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# GUP-triggered unsharing, Linux 6.12 without and with it: copies, and whether a held read-only pin sees later writes.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

boot --boots 1 -k "before=$(kernel seed-2-before)" -k "after=$(kernel seed-2-after)" -- run -c configs/seed-2.json
same "both kernels run the job" "$status" 0
before=$(file_of before) after=$(file_of after)
[ -f "$before" ] || give_up "no results: $(tail -3 "$dir/err")"
[ -f "$after" ] || give_up "no results: $(tail -3 "$dir/err")"
all_done before "$before"
all_done after "$after"

# Sum of one count over the cases in a state.
total() { jq "[.results[] | select(.params.state == \"$3\") | .counts.$2 // \"unknown\"] | add" "$1"; }
for state in shared previously-shared; do
	same "before: nothing is unshared in $state" "$(total "$before" unshare_faults $state)" 0
done
same "before: no page is copied by a pin" "$(total "$before" copied_pages shared)" 0
same "after: every page asked of shared memory is copied, at least" \
	"$(jq -r '[.results[] | select(.params.state == "shared") | select(.counts.copied_pages < .counts.requested_pages) |
		.key] | join(" ")' "$after")" ""
same "after: what was shared is reused, never copied" \
	"$(total "$after" copied_pages previously-shared) $(jq -r '[.results[] | select(.params.state == "previously-shared") |
		select(.counts.reused_pages < .counts.requested_pages) | .key] | join(" ")' "$after")" "0 "
same "after: a THP with a living child is split" \
	"$(jq -c '[.results[] | select(.params.layout == "thp-2M" and .params.state == "shared") | .counts.split_thps] | unique' \
		"$after")" "[1]"
same "after: the last sample unshared as many pages as the first" \
	"$(jq -r '[.results[] | select(.truth.unshared_first_sample != .truth.unshared_last_sample) | .key] | join(" ")' "$after")" ""

# Held pins: what a write through the mapping does to them.
seen() { # FILE LAYOUT STATE: unique answers
	jq -c "[.results[] | select(.params.pinner == \"gup-test/hold-fast\" and .params.layout == \"$2\"
		and .params.state == \"$3\") | .truth.held_pin_sees_writes] | unique" "$1"
}
for layout in base thp-2M hugetlb-2M; do
	same "before: a pin held on $layout, shared, does not see later writes" "$(seen "$before" $layout shared)" "[false]"
	for state in shared previously-shared; do
		same "after: a pin held on $layout, $state, sees later writes" "$(seen "$after" $layout $state)" "[true]"
	done
done
for layout in base thp-2M; do
	same "before: a pin held on $layout, previously-shared, does not" "$(seen "$before" $layout previously-shared)" "[false]"
done
same "before: hugetlb-2M, previously-shared: reuse keeps the pin coherent on both kernels" \
	"$(seen "$before" hugetlb-2M previously-shared)" "[true]"

# After an unshare the page is exclusive and still write-protected.
consumed='.results[] | select(.params.state == "shared" or .params.state == "previously-shared")'
same "after: a second read-only pin is fast" \
	"$(jq -c "[$consumed | .truth.second_pin_slow_pages] | unique" "$after")" "[0]"
same "after: the first write faults and copies nothing" \
	"$(jq -r "[$consumed | select(.truth.write_faults < 1 or .truth.write_copied_pages != 0) | .key] | join(\" \")" "$after")" ""
same "before: the first write is what copies shared pages" \
	"$(jq -r '[.results[] | select(.params.state == "shared" and (.truth.write_copied_pages | . == null or . < 1)) | .key] |
		join(" ")' "$before")" ""
exit $bad
