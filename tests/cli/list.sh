#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench list: what it shows (list.out; UPDATE=1 writes it anew), and the same words as JSON.
set -u
pinbench=${PINBENCH:-./pinbench}
golden=tests/cli/list.out
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

# Layouts are left out: they are those of the running kernel.
[ -n "${UPDATE:-}" ] && "$pinbench" list pinners states windows observers >$golden
diff -u $golden <("$pinbench" list pinners states windows observers)
check "golden output of list"

[ "$("$pinbench" list layouts | sed -n 2p | cut -c1-8)" = "  base  " ]
check "base is the first layout"
lines=$("$pinbench" list) && [ "$(wc -l <<<"$lines")" -gt 20 ] && ! awk 'length > 110' <<<"$lines" | grep .
check "no line is too long to read"
for file in /sys/kernel/mm/transparent_hugepage/hugepages-*kB/enabled; do
	[ -e "$file" ] || continue
	kib=${file%kB/enabled} kib=${kib##*-}
	[ "$kib" -lt 1024 ] && size=${kib}K || size=$((kib / 1024))M
	"$pinbench" list layouts | grep -q "^  thp-$size  "
	check "THP of $size are listed"
done
[ -e "${file:-}" ] || "$pinbench" list layouts | grep -q "^no thp-SIZE here: "
check "where there is no THP but of PMD size, that is said"
for dir in /sys/kernel/mm/hugepages/hugepages-*kB; do
	[ -d "$dir" ] || continue
	kib=${dir##*-} kib=${kib%kB}
	"$pinbench" list --json layouts | grep -q "\"page_bytes\": $((kib * 1024))\$"
	check "hugetlb pages of $kib KiB are listed"
done

if command -v python3 >/dev/null; then
	diff <("$pinbench" list | sed -n 's/^  \([^ ]*\)  .*/\1/p') \
		<("$pinbench" list --json | python3 -c '
import json, sys
there = json.load(sys.stdin)
assert all(row["why"] for row in there.pop("absent_layouts"))
for rows in there.values():
    for row in rows:
        assert row["about"]
        print(row["name"])')
	check "--json has the same names in the same order"
fi

exit $bad
