#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317 # said() and is_gone() are called by name
# What can happen to a guest, told apart: it panics, it hangs, its console makes noise, QEMU is killed, the user has
# had enough. What was measured before is kept.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

image=$(kernel seed-1-after)
# A case that is done soon even on a slow machine, then one that no machine finishes before the accident.
cat >"$dir/job.json" <<'JOB'
{ "about": "short, then long",
  "defaults": { "pinner": "gup-test/pin-fast", "access": "read", "layout": "base", "state": "exclusive-ro", "warmup": 1, "timeout_s": 60 },
  "cases": [ { "window": "head", "samples": 3 },
             { "window": "0+32M", "size": "32M", "samples": 100000 } ] }
JOB
job=(run -c "$dir/job.json")
quick=(run -c configs/seed-1.json -p samples=2 -p layout=hugetlb-64K -p state=exclusive-ro)
said() { grep -qE "$1" "$dir/err"; }

# Whoever inherits an orphan may be slow to bury it.
is_gone() { ! grep -qs '^State:.[^ZX]' "/proc/$1/status"; }

kept() { # WHAT NAME
	local file
	file=$(file_of "$2")
	[ -f "$file" ] || { not_ok "$1: what was measured is kept"; return; }
	same "$1: the file says that it is not complete" "$(jq .complete "$file")" false
	holds "$1: something had been measured" jq -e '[.results[] | select(.status == "done")] | length > 0' "$file"
}

boot -k "noise=$image" --append pinbench.test=noise -- "${quick[@]}"
same "noise on the console, with a false end of the channel: the run is done" "$status" 0
same "noise: complete" "$(jq .complete "$(file_of noise)")" true

boot -k "panic=$image" --append pinbench.test=panic:10 -- "${job[@]}"
same "panic: status" "$status" 1
holds "panic: is called so" said "the guest's kernel panicked: Kernel panic - not syncing: sysrq triggered crash"
holds "panic: the last lines of the console are shown" said "^  \| .*Kernel panic"
kept panic panic

boot -k "hang=$image" --append pinbench.test=hang:10 --timeout 20 -- "${job[@]}"
same "hang: status" "$status" 1
holds "hang: is called so" said "the guest did not finish within 20 s"
kept hang hang

# A kernel that never reaches user space: one for another board, here an initramfs with no init.
printf 'not a guest' >"$dir/empty"
boot -k "nowhere=$image" --guest "$dir/empty" --timeout 20 -- "${quick[@]}"
same "no user space: status" "$status" 1
holds "no user space: panic or hang, nothing measured" said "nothing had been measured"

"$PINBENCH" vm -o "$dir/results" -k "stopped=$image" -- "${job[@]}" >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 10
child=$(pgrep -P $pid qemu-system)
holds "interrupt: QEMU runs" test -n "$child"
kill -TERM $pid
wait $pid
same "interrupt: status" $? 130
kept interrupt stopped
holds "interrupt: QEMU is gone" is_gone "$child"

"$PINBENCH" vm -o "$dir/results" -k "killed=$image" -- "${job[@]}" >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 10
kill -KILL "$(pgrep -P $pid qemu-system)"
wait $pid
same "QEMU killed: status" $? 1
holds "QEMU killed: is called so" said "QEMU was killed by signal 9"
kept "QEMU killed" killed

"$PINBENCH" vm -o "$dir/results" -k "orphan=$image" -- "${job[@]}" >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 4
child=$(pgrep -P $pid qemu-system)
kill -KILL $pid
wait $pid 2>/dev/null
sleep 0.5
holds "pinbench killed: QEMU goes too" is_gone "$child"
exit $bad
