#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of the settings of a run that is killed, without another pinbench being started; and that the process which sees to
# it leaves nothing behind and keeps nobody waiting. Needs root, and changes nr_hugepages of 2M and THP (to never) for its time.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
# shellcheck source=tests/cli/tap.bash
. tests/cli/tap.bash
pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages thp=/sys/kernel/mm/transparent_hugepage/enabled
if [ "$(id -u)" != 0 ] || ! [ -w $pool ] || ! [ -w $thp ]; then
	echo "ok - a guardian # SKIP needs root, 2M huge pages and THP"
	exit 0
fi
# A /run of its own: another pinbench on this machine would put back, as it should, what is looked at here.
if [ -z "${PINBENCH_OWN_RUN-}" ]; then
	export PINBENCH_OWN_RUN=1
	unshare -m true && exec unshare -m "$0"
	echo "ok - a guardian # SKIP no mount namespace"
	exit 0
fi
mount -t tmpfs none /run || exit 1
dir=$(mktemp -d) || exit 1
read -r thp_before <$thp
read -r pool_before <$pool
thp_before=${thp_before#*[} thp_before=${thp_before%]*}
# never: then two settings are changed, in whatever state this machine is; 6.8 and later have a switch for each size
echo never >$thp
size=${thp%/*}/hugepages-2048kB/enabled
[ -e "$size" ] || size=$thp
read -r size_before <"$size"
run=
trap '[ -z "$run" ] || kill -KILL $run 2>/dev/null; echo "$thp_before" >$thp; rm -rf "$dir"' EXIT
mkfifo "$dir/quiet" && exec 9<>"$dir/quiet"
# of the pages that are free already a run takes none, so this one asks for more than those
read -r free <${pool%/*}/free_hugepages
cat >"$dir/job.json" <<END
{ "about": "a moment with transparent huge pages, then long with those of a pool",
  "defaults": { "pinner": "process_vm/readv", "access": "read", "window": "0+8M" },
  "cases": [ { "layout": "thp-2M", "samples": 3 },
             { "layout": "hugetlb-2M", "size": "$((2 * (free + 8)))M", "samples": 900000 } ] }
END
long=("$pinbench" run -q -c "$dir/job.json" -o "$dir/o.json")

changed() # both settings are those of the run
{
	local now word
	read -r now <$pool
	read -r word <"$size"
	[ "$now" != "$pool_before" ] && [ "$word" != "$size_before" ]
}

same() # both are what they were
{
	local now word
	read -r now <$pool
	read -r word <"$size"
	[ "$now" = "$pool_before" ] && [ "$word" = "$size_before" ]
}

await() # MS CONDITION...
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		read -rt 0.001 -u 9
	done
	return 0
}

guardian=none
begin() # starts one in the background: $run, $guardian
{
	# a shell has its background jobs ignore SIGQUIT; a sanitizer would make an exit of a SIGSEGV
	env --default-signal=QUIT ASAN_OPTIONS=handle_segv=0 "${long[@]}" >"$dir/out" 2>&1 &
	run=$!
	await 20000 changed && guardian=$(pgrep -P $run -x pinbench-guard) && return
	echo "not ok - a run that changes two settings and has a guardian"
	sed 's/^/# /' "$dir/out"
	exit 1
}

gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:	Z' "/proc/$1/status" 2>/dev/null; }

for signal in KILL SEGV USR1 XCPU QUIT; do
	begin && kill -s $signal $run && await 2000 same
	check "SIG$signal: what it changed is back, and nobody called pinbench again"
	wait $run 2>/dev/null
	[ $? -eq $((128 + $(kill -l $signal))) ]
	check "SIG$signal: the exit status says so"
	await 2000 gone "$guardian"
	check "SIG$signal: who put it back has ended"
done

begin
[ "$(ps -o sid= -p "$guardian" | tr -d ' ')" = "$guardian" ] && [ "$(readlink "/proc/$guardian/cwd")" = / ] &&
	[ "$(readlink /proc/"$guardian"/fd/[0-2] | sort -u)" = /dev/null ] &&
	[ "$(readlink /proc/"$guardian"/fd/* | grep -vc '^/dev/null$')" = 1 ]
check "a session, a directory and descriptors of its own"
own=$(bash -c 'echo -1000 2>/dev/null >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj')
[ "$(cat "/proc/$guardian/oom_score_adj")" = "$own" ]
check "as far from the OOM killer as this user may go ($own)"
allowed=$(nproc)
worker=$(pgrep -P $run -x pinbench)
if [ "$allowed" -gt 1 ]; then
	mine=$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$worker/status")
	! taskset -pc "$guardian" | sed 's/.*: //' | tr , '\n' |
		awk -F- -v cpu="$mine" '{ if (cpu >= $1 && cpu <= (NF > 1 ? $2 : $1)) found = 1 } END { exit !found }'
	check "not on the CPU that is measured ($mine)"
else
	echo "ok - not on the CPU that is measured # SKIP one CPU"
fi
ticks=$(awk '{ print $14 + $15 }' "/proc/$guardian/stat")
switches=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$guardian/status")
sleep 0.3
[ "$ticks" = "$(awk '{ print $14 + $15 }' "/proc/$guardian/stat")" ] &&
	[ "$switches" = "$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$guardian/status")" ]
check "it sleeps while the run measures"
kill -HUP "$guardian"; kill -INT "$guardian"; kill -TERM "$guardian"; kill -QUIT "$guardian"; kill -USR1 "$guardian"
sleep 0.1
kill -0 "$guardian" 2>/dev/null && changed
check "it outlives the signals of a terminal"
kill -KILL $run && await 2000 same
status=$?
wait $run 2>/dev/null
(exit $status)
check "and does its work after them"

begin
kill -KILL "$guardian" $run
wait $run 2>/dev/null
sleep 0.2
changed
check "both killed: changed for the time being"
"$pinbench" list pinners >"$dir/out" 2>"$dir/err"
same && [ "$(grep -c 'after a run that was killed' "$dir/err")" = 2 ]
check "the next call puts it back" || sed 's/^/# /' "$dir/err"

begin
kill -TERM $run
wait $run
[ $? = 130 ] && same && gone "$guardian" && ! [ -e "/proc/$guardian" ]
check "an orderly end: put back, and no process is left, not even a zombie"
short=("$pinbench" run -q -p pinner=process_vm/readv -p layout=thp-2M -p state=exclusive -p access=read -p window=page -p samples=3)
# shellcheck disable=SC2016 # the inner shell's own words
timeout 20 bash -c '"$@" -o - | cat >"$0/piped"' "$dir" "${short[@]}" && jq -e .complete "$dir/piped" >"$dir/out"
check "a pipe behind a run ends with it"
{ ls -A /run/pinbench; pgrep -P 1 -r S,D,R -x pinbench-guard; } >"$dir/left"
[ ! -s "$dir/left" ]
check "no journal and no process is left" || sed 's/^/# /' "$dir/left"
exit $bad
