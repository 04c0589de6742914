#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program itself may cost: "pinbench list" 10 ms more than true(1) takes at that moment, 8 MiB resident without the region, and a floor (the null
# pinner) of at most 1 % of a pin of 2 MiB of base pages.
set -u
pinbench=${PINBENCH:-./pinbench}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

within() # WHAT VALUE LIMIT
{
	if [ -n "$2" ] && [ "$2" -le "$3" ]; then
		echo "ok - $1: $2 of $3"
	else
		echo "not ok - $1: ${2:-unknown} of $3"
		bad=1
	fi
}

if grep -q __asan_init "$pinbench"; then
	echo "ok - budgets # SKIP built with a sanitizer"
	exit 0
fi

# What a machine takes to start any program is not ours: some milliseconds on a busy guest.
best=1000000 floor=1000000
for _ in {1..30}; do
	begin=$EPOCHREALTIME
	"$pinbench" list >/dev/null
	middle=$EPOCHREALTIME
	/bin/true >/dev/null
	end=$EPOCHREALTIME
	took=$((${middle/[.,]/} - ${begin/[.,]/}))
	[ $took -lt $best ] && best=$took
	took=$((${end/[.,]/} - ${middle/[.,]/}))
	[ $took -lt $floor ] && floor=$took
done
echo "# true: $floor us, list: $best us"
within "start of list beyond that of true, us" $((best > floor ? best - floor : 0)) 10000

# The program and its children: the largest high-water mark seen while it runs.
"$pinbench" run -q -p pinner=null -p layout=base -p size=4K -p window=region -p samples=30 -p runs=300 \
	-o "$dir/memory.json" >/dev/null 2>&1 &
child=$!
peak=''
while kill -0 $child 2>/dev/null; do
	for pid in $child $(cat /proc/$child/task/*/children 2>/dev/null); do
		[ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$pinbench")" ] || continue
		kib=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null)
		[ "${kib:-0}" -gt "${peak:-0}" ] && peak=$kib
	done
	[ -n "$peak" ] && ((tries = ${tries:-0} + 1, tries > 20)) && break
	sleep 0.05
done
kill $child 2>/dev/null
wait $child 2>/dev/null
within "resident memory, KiB" "$peak" 8192

median() # FILE: of the first case, in ns
{
	tr -d ' \n' <"$1" | grep -o '"samples":{"[a-z]*":\[[0-9,]*' | head -n 1 | sed 's/.*\[//' | tr , '\n' | sort -n |
		awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}
for pinner in null process_vm/readv; do
	"$pinbench" run -q -p pinner=$pinner -p layout=base -p state=exclusive -p access=read -p window=region \
		-p pages_per_call=all -p size=2M -p samples=200 -o "$dir/${pinner%/*}.json" >/dev/null 2>&1
done
floor=$(median "$dir/null.json") pin=$(median "$dir/process_vm.json")
echo "# floor ${floor:-?} ns, pin of 2 MiB ${pin:-?} ns"
within "floor of the harness, ns" "$floor" $((${pin:-0} / 100))
exit $bad
