#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every layout that this kernel offers: made, proved, pinned and put back; what was expected is what was counted.
set -u
pinbench=${PINBENCH:-./pinbench}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

[ "$(id -u)" = 0 ] || { echo "ok - layouts # SKIP frame flags are for root"; exit 0; }
# Filling a region takes a sanitizer's build so long that khugepaged may collapse it meanwhile: a failed case, rightly.
if grep -q __asan_init "$pinbench"; then
	echo "ok - layouts # SKIP khugepaged is faster than a sanitizer's build"
	exit 0
fi
settings() { grep -s . /sys/kernel/mm/transparent_hugepage/{,hugepages-*/}{,shmem_}enabled; }

# all but those of 1 GiB, and one size of each kind of THP
layouts=$("$pinbench" list --json layouts | jq -r '[.layouts[] | select(.page_bytes <= 2097152) | .name |
	select(test("^thp-(16|32|128|256|512)K|^thp-1M") | not)] | join(",")')
grep -q '^base,' <<<"$layouts"
check "layouts: $layouts"
settings >"$dir/before"
"$pinbench" run -q -o "$dir/all.json" -p pinner=process_vm/readv,vmsplice/pipe -p "layout=$layouts" \
	-p state=exclusive,exclusive-ro,shared,partially-shared,previously-shared,dontfork,pinned-then-forked,mlocked,unpopulated \
	-p access=read -p window=0+4M -p pages_per_call=all -p samples=1 -p warmup=0 >/dev/null 2>"$dir/err"
settings | diff "$dir/before" - >&2
check "settings are as before"
[ "$(jq '[.results[] | select(.status == "done")] | length' "$dir/all.json")" -gt 10 ]
check "cases are done"

lines() { jq -r "$1" "$dir/all.json"; }
none() { # WHAT FILTER
	local found
	found=$(lines "[.results[] | $2] | unique | .[]")
	[ -z "$found" ]
	check "$1" || echo "# $found"
}
# a fork() that loses hugetlb pages is a finding about the kernel: docs/kernel-findings.md
none "no case failed" 'select(.status == "failed" and (.params.layout | startswith("hugetlb-") | not)) | .key + ": " + .why'
none "every page was looked at" 'select(.status == "done" and .params.state != "unpopulated") | .truth.layout_proof |
	select(endswith("kpageflags of every page") | not)'
none "copies and reuse are those expected" 'select(.truth.copied_expected != null and
	(.counts.copied_pages != .truth.copied_expected or .counts.reused_pages != .truth.reused_expected)) | .key'
none "shared memory is never unshared" 'select(.params.layout | test("^shmem|^memfd")) |
	select(.counts.copied_pages + .counts.reused_pages > 0) | .key'
none "vmsplice never unshares" 'select(.params.pinner == "vmsplice/pipe") |
	select(.counts.copied_pages + .counts.reused_pages > 0) | .key'
none "single pages: half of what is partly shared is copied" 'select(.params.pinner == "process_vm/readv" and
	.params.layout == "base" and .params.state == "partially-shared" and .status == "done") |
	select(.counts.copied_pages != .counts.reused_pages or .counts.copied_pages == 0) | .key'
none "folios: all of what is partly shared is copied" 'select(.params.pinner == "process_vm/readv" and
	(.params.layout | test("^thp-[0-9]*[KM](-moved|-ptes|)$")) and .params.state == "partially-shared" and .status == "done") |
	select(.counts.reused_pages != 0 or .counts.copied_pages == 0) | .key'
[ $bad = 0 ] || cat "$dir/err"
exit $bad
