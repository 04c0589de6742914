#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The states and what a pin does to them, on the running kernel, by process_vm_readv: a read-only FOLL_PIN that every kernel
# from 5.19 unshares for (mm/process_vm_access.c, mm/gup.c gup_must_unshare). The expected numbers are those of the
# kernel source: base pages are unshared one fault each, copied while a child maps them and reused when it is gone; a THP is split
# first to be copied and reused in one piece; the write that follows faults once and copies nothing.
set -u
pinbench=${PINBENCH:-./pinbench}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

check() # WHAT EXPECTED GOT
{
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1: expected $2, got $3"
		bad=1
	fi
}

if [ "$(id -u)" != 0 ] || ! "$pinbench" doctor --json 2>/dev/null | jq -e '[.. | objects |
	select(.name? == "process_vm/readv" or .name? == "frames")] | length == 2 and all(.level == "ok")' >/dev/null; then
	echo "ok - states # SKIP needs root, process_vm_readv and frame numbers"
	exit 0
fi

"$pinbench" run -q -o "$dir/base.json" -p pinner=process_vm/readv -p layout=base -p window=0+64K -p pages_per_call=all \
	-p size=256K -p samples=4 -p warmup=1 >/dev/null 2>"$dir/err"
check "exit code" 0 $?
fact() { jq -c ".results[] | select(.params.state == \"$1\") | $2" "$dir/${3:-base}.json"; }

check "all five states are done" 5 "$(jq '[.results[] | select(.status == "done")] | length' "$dir/base.json")"
for state in exclusive exclusive-ro; do
	check "$state: no faults, nothing copied or reused" "[0,0,0]" \
		"$(fact $state '[.counts.faults, .counts.copied_pages, .counts.reused_pages]')"
done
check "exclusive-ro: read-only by the mapping" '"vma permission"' "$(fact exclusive-ro .truth.read_only_proof)"
check "shared: a fault and a copy a page" "[16,16,0]" \
	"$(fact shared '[.counts.faults, .counts.copied_pages, .counts.reused_pages]')"
check "shared: parent and child keep their bytes, the child its frames" "[true,true,0]" \
	"$(fact shared '[.truth.parent_bytes_intact, .truth.child_bytes_intact, .truth.child_frames_moved]')"
check "previously-shared: a fault a page, all reused" "[16,0,16]" \
	"$(fact previously-shared '[.counts.faults, .counts.copied_pages, .counts.reused_pages]')"
for state in shared previously-shared; do
	check "$state: the last sample unshared as many pages as the first" "[16,16]" \
		"$(fact $state '[.truth.unshared_first_sample, .truth.unshared_last_sample]')"
	check "$state: read-only is inferred, and says so" '"inferred: exclusive flag is clear"' \
		"$(fact $state .truth.read_only_proof)"
	check "$state: the first write faults once and copies nothing" "[16,0]" \
		"$(fact $state '[.truth.write_faults, .truth.write_copied_pages]')"
done
check "unpopulated: a fault a page" 16 "$(fact unpopulated .counts.faults)"
check "one reference a page, given back" "[16,16,true]" \
	"$(fact shared '[.truth.pins_acquired, .truth.pins_released, .truth.pins_balanced]')"
check "a hit rate that does not exist is absent" "false" "$(fact shared '.counts | has("requested_pages")')"
check "all samples are kept, warm-ups apart" "[1,4]" \
	"$(fact shared '[(.runs[0].warmup.cycle | length), (.runs[0].samples.cycle | length)]')"

# The null pinner touches nothing, and nothing is expected of it.
"$pinbench" run -q -o "$dir/null.json" -p pinner=null -p layout=base -p state=shared,previously-shared -p access=write \
	-p window=head -p samples=2 >/dev/null 2>>"$dir/err"
check "null: nothing copied or reused, nothing to warn about" '[[0,0,0]]' \
	"$(jq -c '[.results[] | [.counts.copied_pages, .counts.reused_pages, (.warnings | length)]] | unique' "$dir/null.json")"

# More samples than the deadline has room for: those that were taken are kept, and the way out is said.
"$pinbench" run -q -o "$dir/late.json" -p pinner=process_vm/readv -p layout=base -p state=exclusive -p window=0+2M \
	-p pages_per_call=all -p access=read -p samples=500000 -p timeout_s=1 >/dev/null 2>>"$dir/err"
check "a deadline keeps samples and names its key" '["failed",true,true]' \
	"$(jq -c '.results[0] | [.status, (.runs[0].samples.cycle | length > 10), (.fix | contains("timeout_s"))]' "$dir/late.json")"

# A transparent huge page, if the kernel gives one.
"$pinbench" run -q -o "$dir/thp.json" -p pinner=process_vm/readv -p 'layout=thp-*' -p window=0+64K -p pages_per_call=all \
	-p state=shared,previously-shared -p samples=2 -p warmup=0 >/dev/null 2>>"$dir/err"
if [ "$(jq '[.results[] | select(.status == "done")] | length' "$dir/thp.json")" = 2 ]; then
	check "THP shared: split, then copied page by page" "[1,16,16]" \
		"$(fact shared '[.counts.split_thps, .counts.copied_pages, .counts.faults]' thp)"
	check "THP previously shared: one fault reuses it whole" "[0,1,16]" \
		"$(fact previously-shared '[.counts.split_thps, .counts.faults, .counts.reused_pages]' thp)"
else
	echo "ok - THP states # SKIP $(jq -r '[.results[].why // empty][0]' "$dir/thp.json")"
fi
[ $bad = 0 ] || cat "$dir/err"
exit $bad
