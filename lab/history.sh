#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/history.sh [DIR]      a true series for pinbench history: three kernels, five boots of each, a result a boot
#
# The kernels are of one source and release, Linux 6.1.192 of Debian, in the order in which they are measured:
#   seed-1-before       tail pages of cont-PTE hugetlb never take the fast path (before Linux commit 5805192c7b72)
#   seed-1-after        they do
#   seed-1-debug-after  the same with CONFIG_DEBUG_VM_PGFLAGS, which checks every page that is pinned
# in the instruction lane, where a boot with the same seed counts the same on any machine. Writes results/reference/history.
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

out=${1:-results/reference/history}
guest=build/arm64/guest.cpio
[ -f "$guest" ] || die "$guest is not there" "make ARCH=arm64 guest"
mkdir -p "$out"
for kernel in seed-1-before seed-1-after seed-1-debug-after; do
	image=$("$(dirname "$0")/kernel.sh" "$kernel") || exit 1
	for seed in 1 2 3 4 5; do
		file=$(./pinbench vm --clock icount --boots 1 --seed $seed --guest "$guest" -o "$out" -k "$kernel=$image" -- \
			run -q -c configs/history.json) || exit 1
		mv "$file" "$out/$kernel-$seed.json"
		say "$out/$kernel-$seed.json"
	done
done
