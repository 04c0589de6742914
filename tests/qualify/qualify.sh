#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/qualify/qualify.sh [--smoke] [--keep FILE]      what "make qualify" does, as root
#
# Measures the error rates of compare on this machine and in the lab, computes those that can only be simulated, and prints a
# table with a bar beside each. Status 1: a bar was missed. --smoke: seconds instead of minutes, no lab, and figures that say
# nothing; it shows that everything here still works together. --keep: the table replaces the one in FILE.
# B: where the programs are (build/x86_64); LAB=0: without the lab.
set -uo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 2
here=tests/qualify
arch=$(uname -m | sed 's/aarch64/arm64/')
B=${B:-build/$arch}
smoke='' keep=''
while [ $# -gt 0 ]; do
	case $1 in
	--smoke) smoke=1 ;;
	--keep) keep=${2:?--keep FILE}; shift ;;
	*) echo "usage: $0 [--smoke] [--keep FILE]" >&2; exit 2 ;;
	esac
	shift
done
dir=$(TMPDIR=$([ -w /dev/shm ] && echo /dev/shm || echo /tmp) mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
lines=$dir/lines
: >"$lines"

step() { printf 'qualify: %2d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2; }
# A step that cannot be done is a bar that is missed: the table is never shorter than it ought to be.
lost() { # PART ROW WHY
	jq -nc --arg part "$1" --arg row "$2" --arg note "$3" \
		'{$part, $row, value: "no result", $note, bar: "a result", ok: false}' >>"$lines"
}
lines_of() { # PART COMMAND...: its rows, or the last it said
	local part=$1
	shift
	"$@" >>"$lines" 2>"$dir/said" || lost "$part" "$(basename "$1")" "$(tail -1 "$dir/said" | cut -c1-200)"
}

# --- the functions themselves ---

# TAP lines of some of a program's tests as one row.
tests_row() { # ROW PATTERN NOTE PROGRAM...
	local row=$1 pattern=$2 note=$3 good=0 bad=0 out
	shift 3
	for program; do
		out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1 | grep -E "^(not )?ok.*($pattern)")
		good=$((good + $(grep -c '^ok' <<<"$out"))) bad=$((bad + $(grep -c '^not ok' <<<"$out")))
	done
	jq -nc --arg row "$row" --arg note "$note" --argjson good "$good" --argjson bad "$bad" \
		'{part: "The functions", $row, value: "\($good) of \($good + $bad) tests", $note, bar: "all",
		  ok: ($bad == 0 and $good > 0)}' >>"$lines"
}

functions() {
	step "the functions: reference vectors, degenerate input"
	tests_row "equal to R's wilcox.test to 1e-9" 'test_r_' "tests/rank/vectors.R" "$B/tests/test_rank"
	tests_row "n = 1, all equal, ties, zeros, infinities, one empty side" 'degenerate|infinite|ties|edges' \
		"tests/test_rank.c, test_rank_laws.c" "$B/tests/test_rank" "$B/tests/test_rank_laws"
	step "simulation of intervals"
	"$B/tests/qualify/simulate" $((smoke ? 20 : 10000)) >"$dir/simulated" 2>"$dir/said" # status 1: a bar was missed
	if [ -s "$dir/simulated" ]; then
		jq -cs -f "$here/simulate.jq" "$dir/simulated" >>"$lines"
	else
		lost "Simulated noise" "simulate" "$(tail -1 "$dir/said")"
	fi
}

# status 1: a bar was missed, which its row says
changes() {
	step "change points of pinbench history"
	"$B/tests/qualify/history" $((smoke ? 20 : 1000)) >"$dir/changes" 2>"$dir/said"
	if [ -s "$dir/changes" ]; then
		cat "$dir/changes" >>"$lines"
	else
		lost "Change points of pinbench history" "history" "$(tail -1 "$dir/said")"
	fi
}

# --- this machine ---

# JOB PROGRAM OTHER ORDER BLOCKS NAME: $dir/NAME-base.json and -new.json. A row that failed there is left out, the others count.
measure() {
	local job=$here/$1.json order=$4 blocks=$5 name=$6 cut=()
	[ -z "$smoke" ] || cut=(-p pinner=process_vm/readv -p layout=base -p window=0+256K)
	step "measuring $name: $blocks blocks, order $order"
	"$2" run -q -c "$job" "${cut[@]}" --with "$3" --runs "$blocks" --order "$order" \
		--label base --with-label new -o "$dir/$name-base.json" --with-output "$dir/$name-new.json" >"$dir/said" 2>&1
	[ -f "$dir/$name-base.json" ] && [ -f "$dir/$name-new.json" ] && return 0
	lost "$name" "run --with" "$(tail -1 "$dir/said" | cut -c1-120)"
	return 1
}

# NAME STRETCHES: measures and names them in files[]
stretches() {
	local blocks=$((smoke ? 40 : 250)) i
	for ((i = 1; i <= $2; i++)); do
		measure host "$B/pinbench" "$B/pinbench" "$1" "$blocks" "$1-$i" || return
		files+=("$dir/$1-$i-base.json" "$dir/$1-$i-new.json")
	done
}

false_alarms() {
	local part="A/A here, order drawn within each block" files=() drawn
	stretches random $((smoke ? 1 : 4)) || return
	step "judging them"
	lines_of "$part" "$B/tests/qualify/judge" false "$dir" "$part" "${files[@]}"
	part="The same files, the usual methods"
	lines_of "$part" "$B/tests/qualify/usual" "$part" "${files[@]}"
	[ -z "$smoke" ] || return
	drawn=("${files[@]}") files=() part="A/A here, order ABBA"
	stretches abba 2 || return
	step "judging them and, by other names, those before"
	lines_of "$part" "$B/tests/qualify/judge" false "$dir" "$part" "${files[@]}" "${drawn[@]}"
}

power() {
	local blocks=300 permille least base=$B-inject-0/pinbench new
	for permille in 50 20; do
		new=$B-inject-$permille/pinbench
		[ -z "$smoke" ] || { blocks=40 base=$B/pinbench new=$B/pinbench; [ $permille = 50 ] || continue; }
		least=$([ $permille = 50 ] && echo 90 || echo 80)
		measure power "$base" "$new" random $blocks "inject-$permille" || continue
		step "judging it"
		lines_of "Power" "$B/tests/qualify/judge" power "$dir" "Power here, a slowdown injected inside the timed section" \
			$((permille / 10)) "$least" "$dir/inject-$permille-base.json" "$dir/inject-$permille-new.json"
	done
}

# --- the lab ---

# NAME-AND-SEED GUEST KERNEL...: boots of eight seeds; prints the files
boot() {
	local seed=$1 guest=$2 kernels=() kernel
	shift 2
	for kernel; do kernels+=(-k "$kernel"); done
	"$B/pinbench" vm --clock icount --boots 8 --seed "$seed" --guest "$guest" -o "$dir" "${kernels[@]}" -- \
		run -q -c "$here/lab.json" 2>"$dir/said"
}

lab() {
	local part="Instructions in the lab (icount)" after unused files=() other permille rates=() injected=(0.5 1 2) base=''
	step "kernels for the lab: seed-1-after and the same with an unused function"
	after=$(lab/kernel.sh seed-1-after) unused=$(lab/kernel.sh seed-1-unused)
	if [ ! -f "$after" ] || [ ! -f "$unused" ]; then
		lost "$part" "kernels" "lab/kernel.sh seed-1-unused failed"
		return
	fi
	step "booting two builds of one source, 8 seeds each"
	mapfile -t files < <(boot 1 build/arm64/guest.cpio "after=$after" "unused=$unused")
	step "booting 8 other seeds"
	other=$(boot 9 build/arm64/guest.cpio "other=$after")
	if [ ${#files[@]} = 2 ] && [ -f "$other" ]; then
		lines_of "$part" "$B/tests/qualify/seeds" same "$part" "two builds, one has an unused function: called changed" "${files[@]}"
		lines_of "$part" "$B/tests/qualify/seeds" split "$dir" "$part" "${files[0]}" "$other"
	else
		lost "$part" "two builds of one source" "$(tail -1 "$dir/said")"
	fi
	for permille in 0 "${injected[@]}"; do
		step "booting with $permille per mille injected, 8 seeds"
		other=$(boot 1 "build/arm64-inject-$permille/guest.cpio" "inject-$permille=$after")
		[ -f "$other" ] || { lost "$part" "$permille per mille injected" "$(tail -1 "$dir/said")"; continue; }
		if [ "$permille" = 0 ]; then base=$other; else rates+=("$permille" "$other"); fi
	done
	[ -z "$base" ] || [ ${#rates[@]} = 0 ] ||
		lines_of "$part" "$B/tests/qualify/seeds" inject "$part" "$base" "${rates[@]}"
}

# --- the table ---

machine() { # of a result file, in one line
	jq -r '.environment as $e | "\(.tool.version), Linux \($e.kernel.release), \($e.kernel.arch), \($e.cpu.online) CPUs" +
		(if $e.hypervisor then " of a virtual machine (\($e.hypervisor))" else "" end)' "$1" 2>/dev/null
}

table() { # WIDE
	local files=("$dir"/*-base.json)
	echo "$(date -u +%Y-%m-%d), pinbench $(machine "${files[0]}")"
	echo
	jq -rs --argjson wide "$1" -f "$here/table.jq" "$lines"
}

# The block between the two marks of the file becomes the table.
keep_in() {
	[ "$(grep -cE '^<!-- (table|end of table) -->$' "$1")" = 2 ] || { echo "qualify: $1 has no place for a table" >&2; return 1; }
	awk -v table="$dir/table" '/^<!-- end of table -->$/ { skip = 0 }
		!skip { print }
		/^<!-- table -->$/ { skip = 1; print "```"; while ((getline line < table) > 0) print line; print "```" }' "$1" >"$dir/kept" &&
		cat "$dir/kept" >"$1"
}

functions
changes
false_alarms
power
[ -n "$smoke" ] || [ "${LAB:-}" = 0 ] || lab
minutes=$(awk -v s=$SECONDS 'BEGIN { printf "%.1f", s / 60 }')
jq -nc --arg minutes "$minutes" '{part: "All of this", row: "time it took", value: "\($minutes) min", note: "programs and kernels were built before",
	bar: "<= 15 min", ok: (($minutes | tonumber) <= 15)}' >>"$lines"
step "done"
table true >"$dir/table"
width=$(stty size 2>/dev/null </dev/tty | cut -d' ' -f2)
table "$([ "${COLUMNS:-${width:-80}}" -ge 120 ] && echo true || echo false)"
[ -z "$keep" ] || keep_in "$keep" || exit 2
jq -es 'all(.[]; .ok != false)' "$lines" >/dev/null
