#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A run that reserves huge pages gives them back: at its end, on SIGINT and SIGTERM, and by the next invocation after
# SIGKILL of it and of its guardian (alone: guardian.sh). On the running system, with the null pinner; needs root and a
# kernel that can spare a few 2M pages.
set -u
pinbench=${PINBENCH:-./pinbench}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0 pids=

skip()
{
	echo "ok - a good guest # SKIP $*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "only root can reserve huge pages"
pools=(/sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages)
[ -w "${pools[0]}" ] || pools=(/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages)
[ -w "${pools[0]}" ] || skip "no pool of 2M pages can be written here"

pages() # all pools, on one line
{
	cat "${pools[@]}" | tr '\n' ' '
}

# What the kernel can spare is asked of the kernel: a run that then takes nothing has failed. Of the pages that are free already a run
# takes none, so it asks for more than those.
free=$(cat "${pools[@]/%nr_hugepages/free_hugepages}" | sort -n | tail -n 1)
mib=$((2 * (free + 8)))
was=$(cat "${pools[0]}")
echo $((was + free + 8)) >"${pools[0]}"
grown=$(cat "${pools[0]}")
echo "$was" >"${pools[0]}"
[ "$grown" = $((was + free + 8)) ] || skip "this machine has no $((free + 8)) more 2M pages"
[ "$(cat "${pools[0]}")" = "$was" ] || skip "somebody else changes the pool of 2M pages"

# A process for every sample, so long enough to be interrupted; "raised" means that the run has taken its pages.
measure=("$pinbench" run -q --label guest -o "$dir/result.json" -p pinner=null -p layout=hugetlb-2M -p state=shared
	-p "size=${mib}M" -p samples=20000 -p timeout_s=600 -p window=region)
start()
{
	before=$(pages)
	rm -f "$dir/result.json"
	"${measure[@]}" >"$dir/out" 2>"$dir/err" </dev/null &
	pid=$!
	pids="$pids|$pid"
	for _ in $(seq 1500); do
		[ "$(pages)" = "$before" ] || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.01
	done
	kill -s INT "$pid" 2>/dev/null
	wait "$pid"
	sed 's/^/# /' "$dir/out" "$dir/err"
	echo "not ok - a run that needs $((free + 8)) more 2M pages takes them"
	exit 1
}

check() # WHAT EXPECTED GOT
{
	if [ "$2" = "$3" ]; then
		echo "ok - $1: $3"
	else
		echo "not ok - $1: $3 instead of $2"
		bad=1
	fi
}

for signal in INT TERM; do
	start
	kill -s "$signal" "$pid"
	wait "$pid"
	check "exit status after SIG$signal" 130 $?
	check "2M pages after SIG$signal" "$before" "$(pages)"
	check "complete after SIG$signal" false "$(jq .complete "$dir/result.json")"
done

for verb in list doctor "compare $dir/result.json $dir/result.json"; do
	start
	# The guardian first: with both gone, what is left is for the next invocation.
	guardian=$(pgrep -P "$pid" -x pinbench-guard)
	check "a guardian" 0 $?
	kill -KILL "$guardian"
	kill -KILL "$pid"
	# No waiting in between: the next invocation comes while the killed one is still going.
	read -ra words <<<"$verb"
	"$pinbench" "${words[@]}" >/dev/null 2>"$dir/err" </dev/null
	wait "$pid" 2>/dev/null
	check "exit status after SIGKILL" 137 $?
	check "2M pages after SIGKILL and pinbench ${verb%% *}" "$before" "$(pages)"
	grep -q 'after a run that was killed: .*nr_hugepages is [0-9]* again' "$dir/err"
	check "pinbench ${verb%% *} says what it put back" 0 $?
done

# A second one beside a live run takes nothing from it.
start
raised=$(pages)
"$pinbench" list >/dev/null 2>"$dir/err"
check "a live run keeps its pages" "$raised" "$(pages)"
check "nothing is said about a live run" "" "$(cat "$dir/err")"
kill -s INT "$pid"
wait "$pid"
check "2M pages at the end" "$before" "$(pages)"
# those of other users of this machine are none of our business
check "journals left" "" "$(find /run/pinbench -type f -printf "%f\n" | grep -E "^(${pids#|})-")"
exit $bad
