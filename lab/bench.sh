#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job, as "make bench" runs it: this kernel, then a before/after pair in QEMU; tables, results, plots.
# WITH_LAB=0: only this kernel (LAB is where the lab lies).
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$LAB/.."

mkdir -p results
worst=0
written=()
# Cases that fail or cannot run here do not stop the rest; they are what the status says in the end.
run() {
	local status=0
	"$@" || status=$?
	[ "$status" -lt 128 ] || exit "$status"
	[ "$status" != 2 ] || die "$1 $2 could not start" "see the message above"
	[ "$status" -le "$worst" ] || [ "$status" = 4 ] || worst=$status
}
plot() { # KIND OUTPUT FILE...
	local kind=$1 output=$2
	shift 2
	if ! command -v gnuplot >/dev/null; then
		say "no $output: gnuplot is not installed"
		return 0
	fi
	for suffix in svg png; do
		if ./pinbench plot "$kind" "$@" -o "$output.$suffix"; then
			written+=("$output.$suffix")
		fi
	done
}
pages=()
page() { # OUTPUT FILE...: one file to look at, and to send
	local output=$1
	shift
	if ./pinbench report "$@" -o "$output"; then
		pages+=("$output")
	fi
}
newest() { # GLOB...
	# shellcheck disable=SC2012 # the names are ours
	ls -t "$@" 2>/dev/null | head -1
}

say "this kernel: $(uname -r)"
stamp=$(date -u +%Y%m%dT%H%M%SZ)
here=results/this-kernel-$stamp.json
# gup_test and the observers of the path need root, and nothing else here does.
root=()
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
	say "sudo: as root this measurement has the hit rate and gup_test; without, it skips them"
	! sudo -v || root=(sudo)
fi
run "${root[@]}" ./pinbench run -c configs/quick.json --label this-kernel -o "$here"
if [ -f "$here" ]; then
	written+=("$here")
	# What pins, the kernel's own interface first; a picture of process_vm would be one of memcpy.
	for pinner in gup-test/pin-fast io_uring/register odirect/read; do
		if ./pinbench export csv --case "$pinner,*" "$here" 2>/dev/null | grep -q ',done,'; then
			plot cost plots/this-kernel-cost --case "$pinner,*" "$here"
			break
		fi
	done
	page "${here%.json}.html" "$here"
fi

if [ "${WITH_LAB:-1}" != 0 ]; then
	say "Linux 6.1 without and with the fix of GUP-fast for cont-PTE hugetlb, in QEMU"
	images=$("$LAB/kernel.sh" seed-1-before seed-1-after)
	mapfile -t images <<<"$images"
	# Emulated on most machines, where only instructions mean something: a boot for each of eight layouts of memory.
	run ./pinbench vm --clock icount ${BOOTS:+--boots "$BOOTS"} -k "seed-1-before=${images[0]}" -k "seed-1-after=${images[1]}" -- \
		run -c configs/seed-1.json >/dev/null
	before=$(newest results/seed-1-before-*.json) after=$(newest results/seed-1-after-*.json)
	[ -n "$before$after" ] || die "the guests left no results" "see the message above"
	written+=("$before" "$after")
	./pinbench compare "$before" "$after"
	plot hit plots/seed-1-hit "$before" "$after"
	plot bars plots/seed-1-bars "$before" "$after"
	page "${after%.json}.html" "$before" "$after"
fi

{
	echo
	echo "written:"
	printf '  %s\n' "${written[@]}"
	echo "next:"
	[ "${WITH_LAB:-1}" = 0 ] || echo "  ./pinbench compare $before $after | less"
	echo "  ./pinbench doctor                               what else could run here"
	echo "  make lab BASE=~/linux PATCH=x.patch             the same for your patch"
	if [ "${#pages[@]}" -gt 0 ]; then
		echo "all of it on a page to open, or to send:"
		printf '  %s\n' "${pages[@]}"
	fi
} >&2
exit "$worst"
