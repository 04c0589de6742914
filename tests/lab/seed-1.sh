#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Cont-PTE hugetlb in GUP-fast, Linux 6.1 without and with the fix: the known table, page for page, and that
# the same test fails when the two kernels are swapped.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

# Asked and left for slow GUP by each case of a read-only pin through a read-only mapping.
table='.results[] | select(.params.state == "exclusive-ro") |
	[.params.layout, .params.offset, .params.bytes, .params.pages_per_call,
	 .counts.requested_pages // "unknown", .counts.slow_pages // "unknown"] | @tsv'

# What must be slow, from the kernel's source: without the fix the walk stops at the first tail page of a
# cont-PTE page (its head alone has the exclusive flag), and all that is left of that call goes to slow GUP.
wanted() { # KERNEL(before|after) LAYOUT OFFSET BYTES PER-CALL
	local kernel=$1 layout=$2 first=$(($3 / 4096)) nr=$(($4 / 4096)) per_call=$5 slow=0 page call
	if [ "$kernel" = before ] && [ "$layout" = hugetlb-64K ]; then
		for ((call = first; call < first + nr; call += per_call)); do
			for ((page = call; page < call + per_call && page < first + nr; page++)); do
				[ $((page % 16)) != 0 ] || continue
				slow=$((slow + (call + per_call < first + nr ? call + per_call : first + nr) - page))
				break
			done
		done
	fi
	printf '%d\t%d' "$nr" "$slow"
}

check_table() { # KERNEL FILE: prints every row that is not as it must be
	local layout offset bytes per_call counts nr=0
	while IFS=$'\t' read -r layout offset bytes per_call counts; do
		nr=$((nr + 1))
		[ "$counts" = "$(wanted "$1" "$layout" "$offset" "$bytes" "$per_call")" ] ||
			echo "$layout $offset+$bytes n=$per_call: $counts"
	done < <(jq -r "$table" "$2")
	[ "$nr" -gt 0 ] || echo "no cases"
}

before=$(kernel seed-1-before) after=$(kernel seed-1-after)
# Counting instructions makes a boot repeat itself: fork() may lose hugetlb-64K pages, docs/kernel-findings.md.
boot --clock icount --boots 1 -k "before=$before" -k "after=$after" -- run -c configs/seed-1.json
same "both kernels run the job" "$status" 0
for kernel in before after; do
	file=$(file_of $kernel)
	[ -f "$file" ] || give_up "no result of $kernel: $(tail -3 "$dir/err")"
	all_done "$kernel" "$file"
	same "$kernel: the table" "$(check_table $kernel "$file")" ""
	same "$kernel: slow pages of a whole 64K page, of its head, of a tail page" \
		"$(jq -r '[.results[] | select(.params.layout == "hugetlb-64K" and .params.state == "exclusive-ro") |
			select(.key | test(",page,n=16$|,head,n=1$|,tail,n=1$")) |
			"\(.params.window)=\(.counts.slow_pages)"] | sort | join(" ")' "$file")" \
		"$([ $kernel = before ] && echo head=0 page=15 tail=1 || echo head=0 page=0 tail=0)"
	same "$kernel: 2M and 32M pages always take the fast path" \
		"$(jq '[.results[] | select(.params.layout == "hugetlb-2M" or .params.layout == "hugetlb-32M") |
			select(.params.state == "exclusive-ro") | .counts.slow_pages] | unique' -c "$file")" "[0]"
done

# Each of the 16 pages by itself.
windows=$(for page in $(seq 0 15); do printf '%dK+4K,' $((page * 4)); done)
boot --boots 1 -k "before-pages=$before" -k "after-pages=$after" -- run -c configs/seed-1.json -p pinner=gup-test/pin-fast \
	-p layout=hugetlb-64K -p state=exclusive-ro -p "window=${windows%,}" -p pages_per_call=1 -p samples=2
for kernel in before after; do
	file=$(file_of $kernel-pages)
	[ -f "$file" ] || give_up "no result of $kernel: $(tail -3 "$dir/err")"
	same "$kernel: 16 pages one by one" "$(check_table $kernel "$file")" ""
	same "$kernel: all 16 were asked for" "$(jq '[.results[].params.offset] | unique | length' "$file")" 16
done

# The guest must not know which kernel it is: swapped images give a swapped table, and this test notices.
boot --boots 1 -k "before=$after" -k "after=$before" -- run -c configs/seed-1.json -p layout=hugetlb-64K -p state=exclusive-ro \
	-p pages_per_call=all
holds "swapped: \"before\" is not what it says" test -n "$(check_table before "$(file_of before)")"
holds "swapped: \"after\" is not what it says" test -n "$(check_table after "$(file_of after)")"
same "swapped: each is the other" "$(check_table after "$(file_of before)")$(check_table before "$(file_of after)")" ""
exit $bad
