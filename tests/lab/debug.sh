#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that checks itself (CONFIG_DEBUG_VM_PGFLAGS), Linux 6.1 without and with the fix of GUP-fast: each read-only pin
# of a tail page of cont-PTE hugetlb is a BUG without it. What is asserted of the place is from the source of 6.1.192:
# PageAnonExclusive() of include/linux/page-flags.h asks VM_BUG_ON_PGFLAGS(PageHuge(page) && !PageHead(page), page), and
# gup_must_unshare() calls it.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

before=$(kernel seed-1-debug-before) after=$(kernel seed-1-debug-after)
boot --clock icount --boots 1 -k "before=$before" -k "after=$after" -- run -c configs/hugetlb-cont-pte-debug.json
same "a BUG fails the command" "$status" 1
file=$(file_of before)
[ -f "$file" ] || give_up "no result of the kernel without the fix: $(tail -3 "$dir/err")"
same "before: the run comes to its end" "$(jq .complete "$file")" true
failed=$(jq -r '[.results[] | select(.status == "failed") | .params.window] | sort | join(" ")' "$file")
same "before: the cases with a tail page fail, and no other" "$failed" "4K+4K page tail"
same "before: all others are done" "$(jq -r '[.results[] | select(.status != "done" and .status != "failed") | .key] | join(" ")' "$file")" ""
line=$(grep -n 'VM_BUG_ON_PGFLAGS(PageHuge(page) && !PageHead(page), page)' \
	"${PINBENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pinbench}"/src/linux-source-6.1-*/include/linux/page-flags.h | head -1 | cut -d: -f1)
same "before: the reason is the BUG and its place" \
	"$(jq -r '[.results[] | select(.status == "failed") | .truth.kernel_bug] | unique | join("; ")' "$file")" \
	"kernel BUG at include/linux/page-flags.h:$line"
# shellcheck disable=SC2016 # variables of jq
holds "before: ... is what the case failed of" jq -e '[.results[] | select(.status == "failed") | .truth.kernel_bug as $bug |
	.why | startswith($bug + " (VM_BUG_ON_PAGE(PageHuge(page) && !PageHead(page))) in gup_must_unshare")] | all' "$file"
holds "before: ... with what was asked of the page" jq -e '[.results[] | select(.status == "failed") | .truth.kernel_bug_page |
	contains("page dumped because: VM_BUG_ON_PAGE(PageHuge(page) && !PageHead(page))")] | all' "$file"
holds "before: ... and the way there, function by function" jq -e '[.results[] | select(.status == "failed") | .truth.kernel_bug_trace |
	test("gup_must_unshare[^ ]*[+]0x[0-9a-f]+/0x[0-9a-f]+ < internal_get_user_pages_fast[+]0x")] | all' "$file"
# TAINT_DIE is bit 7 (Documentation/admin-guide/tainted-kernels.rst); it was clean when the run began.
same "before: not tainted when it began" "$(jq .environment.kernel.tainted "$file")" 0
same "before: tainted by an oops in the end" "$(jq '.environment.kernel.tainted_after / 128 | floor % 2' "$file")" 1
file=$(file_of after)
[ -f "$file" ] || give_up "no result of the kernel with the fix: $(tail -3 "$dir/err")"
all_done after "$file"
same "after: not tainted in the end" "$(jq '.environment.kernel | has("tainted_after")' "$file")" false

# The kernel's own checks are in every number: nothing of it stands beside another kernel's.
plain=$(kernel seed-1-after)
boot --clock icount --boots 1 -k "plain=$plain" -- run -c configs/hugetlb-cont-pte-debug.json
"$PINBENCH" compare "$(file_of plain)" "$file" >"$dir/out" 2>&1
same "compare refuses a kernel with CONFIG_DEBUG_VM beside one without: status" $? 2
holds "... and names the option" grep -q DEBUG_VM "$dir/out"
exit $bad
