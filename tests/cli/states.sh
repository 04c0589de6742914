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

skip() # WHY
{
	echo "ok - states # SKIP $*"
	exit 77
}

# What the kernel lacks is asked of the kernel, not of the program: else a program that sees nothing would pass.
kernel_has() # process_vm | frames | thp: silent
{
	python3 - "$1" <<'PYTHON'
import ctypes, mmap, os, re, sys
libc = ctypes.CDLL(None, use_errno=True)
class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
def address(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
def process_vm():
    here, there = ctypes.create_string_buffer(8), ctypes.create_string_buffer(b"pinbench", 8)
    local, remote = iovec(ctypes.addressof(here), 8), iovec(ctypes.addressof(there), 8)
    got = libc.process_vm_readv(os.getpid(), ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    return got == 8 and here.raw == b"pinbench"
def frames():
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    memory[0] = 1
    with open("/proc/self/pagemap", "rb", buffering=0) as file:
        word = int.from_bytes(os.pread(file.fileno(), 8, address(memory) // mmap.PAGESIZE * 8), "little")
    with open("/proc/kpageflags", "rb", buffering=0) as file:
        flags = int.from_bytes(os.pread(file.fileno(), 8, (word & (1 << 55) - 1) * 8), "little")
    return word & (1 << 55) - 1 != 0 and flags != 0
def thp():
    size = 16 << 20
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = address(memory)
    libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), 14) # MADV_HUGEPAGE
    for at in range(0, size, mmap.PAGESIZE):
        memory[at] = 1
    with open("/proc/self/smaps", encoding="ascii") as file:
        for line in file:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
            if head:
                mine = int(head[1], 16) <= start + size // 2 < int(head[2], 16)
            elif mine and line.startswith("AnonHugePages:"):
                return int(line.split()[1]) > 0
sys.exit(not globals()[sys.argv[1]]())
PYTHON
}

[ "$(id -u)" = 0 ] || skip "needs root"
command -v python3 >/dev/null || skip "python3 is not installed (make deps)"
kernel_has process_vm || skip "this kernel has no process_vm_readv"
kernel_has frames || skip "this kernel shows no frame numbers and flags"

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
# The counters are the whole machine's: of several goes one has to be undisturbed.
pins=$(fact shared '[.truth.pins_acquired, .truth.pins_released, .truth.pins_balanced]')
for _ in $(seq 20); do
	[ "$pins" = "[16,16,true]" ] && break
	"$pinbench" run -q -o "$dir/pins.json" -p pinner=process_vm/readv -p layout=base -p state=shared -p window=0+64K \
		-p pages_per_call=all -p size=256K -p samples=1 -p warmup=0 >/dev/null 2>>"$dir/err"
	pins=$(fact shared '[.truth.pins_acquired, .truth.pins_released, .truth.pins_balanced]' pins)
done
check "one reference a page, given back" "[16,16,true]" "$pins"
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

# A transparent huge page, where the kernel gives one.
if kernel_has thp; then
	"$pinbench" run -q -o "$dir/thp.json" -p pinner=process_vm/readv -p layout=thp-2M -p window=0+64K -p pages_per_call=all \
		-p state=shared,previously-shared -p samples=2 -p warmup=0 >/dev/null 2>>"$dir/err"
	check "THP: both states are done" '[["done",null],["done",null]]' "$(jq -c '[.results[] | [.status, .why]]' "$dir/thp.json")"
	check "THP shared: split, then copied page by page" "[1,16,16]" \
		"$(fact shared '[.counts.split_thps, .counts.copied_pages, .counts.faults]' thp)"
	check "THP previously shared: one fault reuses it whole" "[0,1,16]" \
		"$(fact previously-shared '[.counts.split_thps, .counts.faults, .counts.reused_pages]' thp)"
else
	echo "ok - THP states # SKIP this kernel gives no transparent huge page to who asks for one"
fi

# Beside others who pin without a pause, and take and give huge pages: what a process counts of itself stays exact, and no case
# fails for what they hold.
for cpu in 1 2; do
	while :; do
		"$pinbench" run -q -o "$dir/other$cpu.json" -p pinner=process_vm/readv -p layout=base,thp-2M -p state=exclusive \
			-p window=region -p size=2M -p pages_per_call=all -p samples=3000 -p timeout_s=60
	done >/dev/null 2>&1 &
	others="${others:-} $!"
done
trap 'for other in $others; do pkill -KILL -P $other; kill -KILL $other; done 2>/dev/null; rm -rf "$dir"' EXIT
sleep 1
"$pinbench" run -q -o "$dir/beside.json" -p pinner=process_vm/readv -p layout=base -p window=0+64K -p pages_per_call=all \
	-p size=256K -p samples=4 -p warmup=1 >/dev/null 2>>"$dir/err"
check "beside other pinners: exit code" 0 $?
check "beside other pinners: all states are done" '["done"]' "$(jq -c '[.results[] | .status] | unique' "$dir/beside.json")"
for state in exclusive=0,0,0 exclusive-ro=0,0,0 shared=16,16,0 previously-shared=16,0,16; do
	check "beside other pinners: ${state%=*}" "[${state#*=}]" \
		"$(fact ${state%=*} '[.counts.faults, .counts.copied_pages, .counts.reused_pages]' beside)"
done
# else this would have shown nothing
check "they do pin" true "$(for other in $others; do kill -0 "$other" || echo gone; done
	counts() { echo 1 >/proc/sys/vm/stat_refresh; sed -n 's/^nr_foll_pin_acquired //p' /proc/vmstat; }
	from=$(counts); sleep 0.5; [ "$(counts)" -gt "$from" ] && echo true)"
[ $bad = 0 ] || cat "$dir/err"
exit $bad
