#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kills at random moments of runs that change nr_hugepages and THP, which this switches to never for its time: 1,000 of the supervisor
# alone, where its guardian has to put everything back within 100 ms (p99), and 300 of both, where the next call has to. Half of
# either alone, half beside a second run, which shall neither fail nor lose what it relies on. TORTURE_PART=10: a tenth. Needs root.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
# shellcheck source=tests/cli/tap.bash
. tests/cli/tap.bash
part=${TORTURE_PART:-1}
sysfs=/sys/kernel/mm thp=/sys/kernel/mm/transparent_hugepage/enabled
if [ "$(id -u)" != 0 ] || ! [ -w $thp ] || ! [ -w $sysfs/hugepages/hugepages-2048kB/nr_hugepages ]; then
	echo "ok - kills # SKIP needs root, 2M huge pages and THP"
	exit 0
fi
# A /run of its own: another pinbench on this machine would put back, as it should, what is looked at here.
if [ -z "${PINBENCH_OWN_RUN-}" ]; then
	export PINBENCH_OWN_RUN=1
	exec unshare -m "$0"
fi
mount -t tmpfs none /run || exit 1
dir=$(mktemp -d) || exit 1
read -r thp_before <$thp
thp_before=${thp_before#*[} thp_before=${thp_before%]*}
trap 'echo "$thp_before" >$thp; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
echo never >$thp
mkfifo "$dir/quiet" && exec 9<>"$dir/quiet"
knobs=("$sysfs"/hugepages/*/nr_hugepages "$sysfs"/transparent_hugepage/enabled "$sysfs"/transparent_hugepage/hugepages-*/enabled
	/sys/devices/system/node/node*/hugepages/*/nr_hugepages)
values=()
for i in "${!knobs[@]}"; do
	if [ -e "${knobs[i]}" ]; then read -r "values[$i]" <"${knobs[i]}"; else unset "knobs[$i]"; fi
done

same() # all knobs hold what they held
{
	local now i
	for i in "${!knobs[@]}"; do
		read -r now <"${knobs[i]}"
		[ "$now" = "${values[i]}" ] || return 1
	done
}

# THP first, so that both are changed while the hugetlb cases are measured.
job=(run -q -p pinner=process_vm/readv -p "layout=thp-2M,hugetlb-2M" -p "state=exclusive,exclusive-ro" -p access=read -p "window=page,0+8M"
	-p pages_per_call=all -p samples=8 -p warmup=1)
start() # NAME: in the background, its result in NAME.json
{
	"$pinbench" "${job[@]}" -o "$dir/$1.json" >"$dir/$1.out" 2>&1 &
}

why() # NAME: what did not go well in it
{
	sed 's/^/# /' "$dir/$1.out"
	jq -r '.results[] | select(.status != "done") | "# \(.key): \(.why)"' "$dir/$1.json"
}

begun=${EPOCHREALTIME/./}
"$pinbench" "${job[@]}" -o "$dir/whole.json" >"$dir/whole.out" 2>&1 || { why whole; echo "not ok - a run that nobody kills"; exit 1; }
took=$((${EPOCHREALTIME/./} - begun)) # microseconds
total=$begun

pause() # MICROSECONDS
{
	local text
	printf -v text '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000))
	read -rt "$text" -u 9
}

random_pause() { pause $(((RANDOM * 32768 + RANDOM) % (took + took / 10))); }

# What a kill may not leave: a result that is not one. An absent file is none yet.
torn=0 nr_files=0
look() # NAME
{
	[ -e "$dir/$1.json" ] || return
	nr_files=$((nr_files + 1))
	if ! "$pinbench" compare "$dir/$1.json" >"$dir/look" 2>&1 || ! jq -e '.complete | type == "boolean"' "$dir/$1.json" >/dev/null; then
		torn=$((torn + 1))
		echo "# torn: $(head -c 300 "$dir/look")"
	fi
	rm -f "$dir/$1.json"
}

settle() # MS: 0 when the knobs are the same by then; $waited: microseconds
{
	local end since=${EPOCHREALTIME/./}
	end=$((since + $1 * 1000)) waited=0
	until same; do
		waited=$((${EPOCHREALTIME/./} - since))
		[ $((since + waited)) -lt $end ] || return 1
		read -rt 0.0005 -u 9
	done
	return 0
}

give_up() # what is left would be taken for the next one's: say so, and put it back
{
	local i
	for i in "${!knobs[@]}"; do
		local now word=${values[i]}
		read -r now <"${knobs[i]}"
		[ "$now" != "$word" ] || continue
		echo "# $1: ${knobs[i]} is $now, was $word"
		[[ $word != *"["* ]] || word=${word#*[} word=${word%]*}
		echo "$word" >"${knobs[i]}"
	done
}

declare -A nr=() changed=() differ=()
times=() late=0 failed=0
round() # KIND ALONE|BESIDE
{
	local kind=$1 company=$2 other='' run guardian=() status had
	[ "$company" = alone ] || { start other; other=$!; }
	start killed
	run=$!
	random_pause
	if [ "$kind" = both ]; then
		mapfile -t guardian < <(pgrep -P $run -x pinbench-guard)
	fi
	had=0
	same || had=1
	kill -KILL "${guardian[@]}" $run 2>/dev/null
	if [ "$company" = alone ] && [ "$kind" = guarded ]; then
		# kill(2) returns before its target is dead: what it changes in that moment counts as well
		settle 5000
		status=$?
		[ $waited = 0 ] || had=1
		if [ $had = 1 ]; then times+=("$waited"); fi
		[ $waited -le 100000 ] || late=$((late + 1))
		wait $run 2>/dev/null
		# a run that was about to end may have been gone before the kill, and one that had not begun has changed nothing
		[ $status = 0 ] && settle 100
		status=$?
	else
		wait $run 2>/dev/null
		if [ -n "$other" ]; then
			wait $other || { failed=$((failed + 1)); why other | head -5; }
		fi
		if [ "$kind" = both ]; then
			"$pinbench" list pinners >/dev/null 2>&1
			same
		else
			settle 2000
		fi
		status=$?
	fi
	nr[$kind,$company]=$((${nr[$kind,$company]:-0} + 1))
	changed[$kind,$company]=$((${changed[$kind,$company]:-0} + had))
	if [ $status != 0 ]; then
		differ[$kind,$company]=$((${differ[$kind,$company]:-0} + 1))
		give_up "$kind, $company"
	fi
	look killed
	[ -z "$other" ] || look other
}

for ((i = 0; i < 1000 / part; i++)); do round guarded "$([ $((i % 2)) = 0 ] && echo alone || echo beside)"; done
for ((i = 0; i < 300 / part; i++)); do round both "$([ $((i % 2)) = 0 ] && echo alone || echo beside)"; done

# The next save sweeps, and nothing else is left then.
"$pinbench" "${job[@]}" -o "$dir/last.json" >"$dir/last.out" 2>&1
check "a run after all of them"
mapfile -t left < <(find "$dir" -name '.pinbench-*' -printf 'file %f\n'; find /run/pinbench -type f -printf 'journal %f\n')
# those that some other init has still to bury are dead
for _ in $(seq 20); do
	alive=$(for stat in /proc/[0-9]*/stat; do
		[ "$(readlink "${stat%stat}ns/mnt" 2>/dev/null)" = "$(readlink /proc/self/ns/mnt)" ] && awk '/\(pinbench/ && $3 != "Z"' "$stat" 2>/dev/null
	done)
	[ -n "$alive" ] || break
	pause 100000
done
nr_alive=0
[ -z "$alive" ] || nr_alive=$(wc -l <<<"$alive")

mapfile -t sorted < <(printf '%s\n' "${times[@]:-0}" | sort -n)
of() # PERCENT: that percentile of the times, in ms
{
	local index=$((((${#sorted[@]} * $1 + 99) / 100) - 1))
	awk -v us="${sorted[index]}" 'BEGIN { printf "%.1f ms", us / 1000 }'
}
sum_differ=0
echo
printf '%-34s %8s %8s %8s\n' 'killed' kills changed differ
for kind in guarded both; do
	for company in alone beside; do
		key=$kind,$company
		printf '%-34s %8d %8d %8d\n' "$([ $kind = guarded ] && echo supervisor || echo 'supervisor and guardian'), $([ $company = alone ] && echo alone || echo 'beside a run')" \
			"${nr[$key]:-0}" "${changed[$key]:-0}" "${differ[$key]:-0}"
		sum_differ=$((sum_differ + ${differ[$key]:-0}))
	done
done
echo "back after (supervisor, alone; n=${#times[@]}): p50 $(of 50), p99 $(of 99), max $(of 100); later than 100 ms: $late"
echo "result files: $nr_files, torn: $torn; runs beside that failed: $failed; left: ${#left[@]} files, $nr_alive processes"
echo "$(((${EPOCHREALTIME/./} - total) / 1000000)) s, an undisturbed run takes $((took / 1000)) ms"
echo
[ $sum_differ = 0 ]
check "no setting differs after a kill"
# of the few of a part the slowest may well be above what 99 in 100 are below
[ "${sorted[$((((${#sorted[@]} * 99 + 99) / 100) - 1))]}" -le 100000 ]
check "the settings are back within 100 ms (p99)"
[ $torn = 0 ] && [ $nr_files -gt 0 ]
check "no result is torn"
[ $failed = 0 ]
check "no run beside a killed one fails"
[ ${#left[@]} = 0 ] && [ "$nr_alive" = 0 ]
check "no file and no process is left" || printf '# %s\n' "${left[@]}" "$alive"
exit $bad
