#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host's side of pinbench vm with a stand-in for QEMU: who is booted when, what the files say of it, boots side by
# side, holes, and that an interrupted schedule goes on where it was, without losing or repeating a boot.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
ok() { echo "ok - $*"; }
not_ok() { echo "not ok - $*"; bad=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: got \"$2\", not \"$3\""; fi; }

if ! command -v python3 >/dev/null || ! command -v jq >/dev/null; then
	echo "ok - the lab's schedule # SKIP needs python3 and jq (make deps)"
	exit 77
fi
# QEMU runs as nobody when root starts it.
chmod 755 "$dir"
# Neither $PATH nor the environment reaches it: --qemu names it, and what this test tells it stands in a file.
install -D -m 755 tests/fixtures/qemu.py "$dir/bin/qemu-system-aarch64"
chmod 755 "$dir/bin"
install -m 644 tests/fixtures/small.json "$dir/small.json"
export BOOT_LOG=$dir/log BOOT_RESULT=$dir/small.json BOOT_SECONDS=0 BOOT_PANIC=''
printf 'guest' >"$dir/guest"
for name in a bb ccc; do # an image says its name; arm64's magic is at 0x38
	{ head -c 56 /dev/zero; printf 'ARMd'; head -c 4 /dev/zero; printf '%s' $name; } >"$dir/$name.img"
done
settings() { # of the stand-in, as they are now
	local own=$dir/bin/settings.$BASHPID
	env | grep '^BOOT_' >"$own"
	mv "$own" "$dir/bin/settings"
}
vm() { # ARGUMENT...: status in $status
	status=0
	settings
	"$pinbench" vm --accel tcg --qemu "$dir/bin" --guest "$dir/guest" -o "$dir/results" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
}
anew() { rm -rf "$dir/results"; : >"$dir/log"; chmod 666 "$dir/log"; }
two=(-k "a=$dir/a.img" -k "bb=$dir/bb.img")
started() { sed -n 's/^start //p' "$dir/log" | tr '\n' ',' | tr ' ' ':'; }
file() { echo "$dir/results/$1"-2*.json; }
# What a file holds of each boot: block, slot and the sample that says image and seed.
held() { jq -r '[.results[0].runs[] | "\(.block)/\(.slot)=\(.samples.pin[0])"] | join(" ")' "$(file "$1")"; }

anew
vm "${two[@]}" --boots 4 --clock icount --jobs 1 -- run
same "icount, 4 boots of 2" "$status" 0
same "ABBA, and both kernels of a block get its seed" "$(started)" "a:1,bb:1,bb:2,a:2,a:3,bb:3,bb:4,a:4,"
same "a's runs know block and slot" "$(held a)" "0/0=1001 1/3=2001 2/4=3001 3/7=4001"
same "bb's runs, too" "$(held bb)" "0/1=1002 1/2=2002 2/5=3002 3/6=4002"
same "one schedule in both files" "$(jq -c '.schedule | [.order, .seed, .blocks, .sides]' "$(file a)" "$(file bb)" | sort -u)" \
	'["abba",1,4,["a","bb"]]'
same "with one id" "$(jq -r .schedule.id "$(file a)" "$(file bb)" | sort -u | wc -l)" 1
same "and each its side" "$(jq -c '[.schedule.side, .label]' "$(file a)" "$(file bb)" | tr '\n' ' ')" '[0,"a"] [1,"bb"] '
same "complete" "$(jq .complete "$(file a)" "$(file bb)" | sort -u)" true
same "the placement is that of the seed" "$(jq -c '[.results[0].runs[].placement.seed]' "$(file bb)")" "[1,2,3,4]"
same "what to do next is said" "$(grep -c "^next: pinbench compare .*/a-.*/bb-" "$dir/err")" 1
cp "$(file a)" "$dir/serial-a.json"
cp "$(file bb)" "$dir/serial-bb.json"

# Boots that overtake each other must not show in the files.
measured() { jq -c '[.results, .environment, .complete, .metrics]' "$1"; }
anew
BOOT_SECONDS=0.05-0.4 vm "${two[@]}" --boots 4 --clock icount --jobs 3 -- run
same "three side by side: the same file of a" "$(measured "$(file a)" | cmp - <(measured "$dir/serial-a.json") 2>&1)" ""
same "and of bb" "$(measured "$(file bb)" | cmp - <(measured "$dir/serial-bb.json") 2>&1)" ""
same "they really ran side by side" "$(awk '/^start/ { if (++n > most) most = n } /^end/ { n-- } END { print most }' "$dir/log")" 3

anew
vm "${two[@]}" -k "ccc=$dir/ccc.img" --boots 3 --order random --seed 7 -- run
order=$(started)
same "random: every block has each kernel once" \
	"$(sed -n 's/^start \([a-c]*\) \([0-9]*\)/\2 \1/p' "$dir/log" | sort | tr '\n' ',')" \
	"7 a,7 bb,7 ccc,8 a,8 bb,8 ccc,9 a,9 bb,9 ccc,"
same "real time places nothing" "$(jq -c '[.results[0].runs[].placement] | unique' "$(file a)")" "[null]"
anew
vm "${two[@]}" -k "ccc=$dir/ccc.img" --boots 3 --order random --seed 7 -- run
same "the same seed gives the same order" "$(started)" "$order"
orders=$(for seed in 1 2 3 4 5 6; do anew; vm "${two[@]}" --boots 3 --order random --seed $seed -- run
	sed -n 's/^start \([a-c]*\) .*/\1/p' "$dir/log" | tr '\n' ' '; echo; done | sort -u | wc -l)
same "other seeds give other orders" "$([ "$orders" -gt 1 ] && echo yes)" yes

nr_boots() { wc -w <<<"$(started | tr ',' ' ')"; }
for default in "20:${two[*]}" "1:-k a=$dir/a.img" "16:${two[*]} --clock icount" "1:-k a=$dir/a.img --clock icount"; do
	anew
	# shellcheck disable=SC2086 # words
	vm ${default#*:} -- run -p pinner=null -p layout=base -p state=exclusive -p window=page
	same "boots by default, ${default#*:}" "$(nr_boots)" "${default%%:*}"
done

# What so many boots can decide is said first; the numbers are those of seed-1's 45 cases of gup_test, which knows three times, and
# of alpha / rows = 2 / 2^n: 2^n >= 40 * 45 and 40 * 135.
said() { # WHAT TEXT ARGUMENT...
	local what=$1 text=$2
	shift 2
	anew
	vm "${two[@]}" "$@" -- run -c configs/seed-1.json
	# the stand-in loads no plugins, which is said first where instructions are counted
	same "$what" "$(sed '/loads no plugins/,/^vm: fix:/d' "$dir/err" | head -1 | grep -cF "$text")" 1
}
said "5 boots of 45 rows" "about 45 to 135 rows of times: 5 boots of each can never be significant; paired runs need 11 to 13" --boots 5
said "12 boots of 45 rows" "45 to 135 rows of times: a difference can be significant from 11 to 13 pairs on" --boots 12
said "as many boots of 45 rows as can decide" "45 to 135 rows of times: a difference can be significant from 11 to 13 pairs on"
same "are the default" "$(nr_boots)" 26
said "4 seeds" "a change is what every seed shows, and 4 seeds decide nothing (--boots 8)" --boots 4 --clock icount
said "8 seeds need no remark" "vm: a, boot 1 of 8: done" --clock icount --jobs 1
anew
vm "${two[@]}" -- run -p sample=3
same "a mistake in the job is told before a boot" "$status $(grep -c sample "$dir/err") $(started)" "2 1 "
vm "${two[@]}" --boots 20 -- run --runs 60 -p pinner=null -p layout=base
same "so is what no result file would hold" "$status $(grep -c 'in 1200 runs, a result holds 1000000 in 1000$' "$dir/err") $(started)" "2 1 "

# Until it is precise: whole blocks, as many as settle each side by itself, whatever lies between the sides (one takes twice as long).
blocks() { jq -c '[.schedule.blocks, ([.results[].runs | length] | max), .complete, ([.results[] | select(.status == "done") |
	.stopped_by] | unique | join(" "))]' "$(file a)" "$(file bb)" | sort -u; }
anew
BOOT_NOISE=0.001 vm "${two[@]}" --clock icount --precision 1% -- run
same "settled by the fewest runs that have an interval" "$(blocks)" '[6,6,true,"precision"]'
same "and says so of each" "$(grep -c ': precision: 1 of 1 cases are settled to 1 %, by 6 runs$' "$dir/err")" 2
same "the file has the interval, within what was asked" "$(jq '[.results[] | select(.status == "done") | .precision | . > 0 and . < 0.01] |
	all' "$(file a)")" true
cp "$(file bb)" "$dir/serial-bb.json"
anew
BOOT_NOISE=0.001 BOOT_SECONDS=0.05-0.4 vm "${two[@]}" --clock icount --precision 1% --jobs 5 -- run
same "five side by side: no boot more" "$(cmp <(measured "$(file bb)") <(measured "$dir/serial-bb.json") 2>&1)$(blocks)" '[6,6,true,"precision"]'
anew
BOOT_NOISE=0.3 vm "${two[@]}" --clock icount --precision 1% --boots 8 -- run
same "never settled: as many as were allowed" "$(blocks) $(grep -c '(--boots)$' "$dir/err")" '[8,8,true,""] 2'
anew
BOOT_NOISE=0.3 BOOT_SECONDS=0.15 vm "${two[@]}" --precision 1% --max-time 2 -- run
same "or until the time is over" "$(blocks | sed 's/^\[[0-9]*,[0-9]*/[n,n/') $(grep -c '(--max-time)$' "$dir/err")" '[n,n,true,"max-time"] 2'
same "in whole blocks" "$(jq -s '[.[].results[0].runs | length] | unique | length' "$(file a)" "$(file bb)")" 1
vm "${two[@]}" --precision 1% --max-time 2 --resume -- run
same "and there is nothing to go on with" "$status $(grep -c 'nothing to resume' "$dir/err")" "2 1"
vm "${two[@]}" --max-time 2 -- run
same "--max-time alone is a mistake" "$status $(grep -c 'needs --precision' "$dir/err")" "2 1"
vm "${two[@]}" --precision 1 --boots 5 -- run
same "so is a precision with too few boots" "$status $(grep -c 'fewer than 6 boots' "$dir/err")" "2 1"

# A boot that fails leaves a hole: no other boot moves into its place.
anew
BOOT_PANIC=bb:2 vm "${two[@]}" --boots 3 --clock icount -- run
same "a panic: status" "$status" 1
same "a panic leaves a hole" "$(held bb)" "0/1=1002 2/5=3002"
same "the other side is whole" "$(held a) $(jq .complete "$(file a)")" "0/0=1001 1/3=2001 2/4=3001 true"
same "the file says what is missing" "$(jq -r '.complete, .environment.lab.boot1' "$(file bb)" | tr '\n' ' ')" \
	"false the guest's kernel panicked: Kernel panic - not syncing: as asked "
: >"$dir/log"
vm "${two[@]}" --boots 3 --clock icount --resume -- run
same "resumed: only the hole is booted" "$(started)" "bb:2,"
same "and filled in its place" "$(held bb)" "0/1=1002 1/2=2002 2/5=3002"
same "now it is complete, and says that a boot was repeated" \
	"$(jq -c '[.complete, .environment.lab.boot1, .environment.lab.repeated, .environment.lab.boots]' "$(file bb)")" "[true,null,1,3]"
vm "${two[@]}" --boots 3 --clock icount --resume -- run
same "a complete schedule has nothing to resume" "$status $(grep -c 'nothing to resume' "$dir/err")" "2 1"

# In real time a pair whose boots an interruption lies between is one, and is said to be.
anew
BOOT_PANIC=bb:2 vm "${two[@]}" --boots 6 --seed 1 -- run
vm "${two[@]}" --boots 6 --seed 1 --resume -- run
same "a block that was torn is counted" "$status $(jq -c .environment.lab.torn "$(file bb)")" "0 1"
"$pinbench" compare "$(file a)" "$(file bb)" >"$dir/out" 2>&1
same "and compare says so" "$(tr -s ' \n' ' ' <"$dir/out" | grep -c 'interrupted within a block 1 time')" 1

# Interrupted for real, in the middle of a boot, and killed: nothing is lost and nothing is measured twice.
interrupt() { # SIGNAL JOBS
	anew
	BOOT_SECONDS=0.2 settings
	"$pinbench" vm --accel tcg --qemu "$dir/bin" --guest "$dir/guest" -o "$dir/results" "${two[@]}" --boots 6 --clock icount \
		--jobs "$2" -- run >"$dir/out" 2>"$dir/err" </dev/null &
	local pid=$!
	while [ "$(grep -c '^end' "$dir/log")" -lt 5 ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
	sleep 0.05
	kill -"$1" $pid
	wait $pid 2>/dev/null
	status=$?
	sleep 0.3 # whoever is not dead by then would still write to the log
}
whole() { jq -r '.environment.lab as $lab | .results[0].runs[] | select($lab["boot\(.block)"] == null) |
	"\(.samples.pin[0] % 1000 | if . == 1 then "a" else "bb" end) \(.samples.pin[0] / 1000 | floor)"' \
	"$dir/results"/*.json 2>/dev/null | sort; }
for how in "INT 1 130" "INT 3 130" "KILL 1 137" "KILL 3 137"; do
	read -r signal jobs wanted <<<"$how"
	interrupt "$signal" "$jobs"
	same "SIG$signal, $jobs jobs: status" "$status" "$wanted"
	same "SIG$signal, $jobs jobs: not complete" "$(jq .complete "$dir/results"/*.json | sort -u)" false
	before=$(whole)
	same "SIG$signal, $jobs jobs: something was there" "$([ -n "$before" ] && echo yes)" yes
	if [ "$signal" = INT ]; then
		same "SIGINT: the last line says how to go on" "$(tail -1 "$dir/err" | grep -c '^vm: to go on: pinbench vm .* --resume -- run$')" 1
		same "SIGINT: everything that had ended is kept" "$(sed -n 's/^end //p' "$dir/log" | sort)" "$before"
	fi
	: >"$dir/log"
	vm "${two[@]}" --boots 6 --clock icount --resume --jobs "$jobs" -- run
	same "SIG$signal, $jobs jobs: resumed" "$status" 0
	same "SIG$signal, $jobs jobs: only what was missing is booted" \
		"$({ echo "$before"; sed -n 's/^start //p' "$dir/log"; } | sort | uniq -d)" ""
	same "SIG$signal, $jobs jobs: a has every slot once" "$(held a)" "0/0=1001 1/3=2001 2/4=3001 3/7=4001 4/8=5001 5/11=6001"
	same "SIG$signal, $jobs jobs: bb, too" "$(held bb)" "0/1=1002 1/2=2002 2/5=3002 3/6=4002 4/9=5002 5/10=6002"
	same "SIG$signal, $jobs jobs: complete" "$(jq .complete "$dir/results"/*.json | sort -u)" true
	same "SIG$signal, $jobs jobs: one file of each" "$(find "$dir/results" -name '*.json' | wc -l)" 2
done

# What would not be the same measurement is not mixed with it.
interrupt INT 1
refused() { # WHAT ARGUMENT...
	local what=$1
	shift
	vm "$@"
	same "resume refuses another $what" "$status $(grep -cF -e "was measured with another $what" "$dir/err")" "2 1"
}
same_again=(--boots 6 --clock icount --resume)
refused "number of boots (--boots) (6, now 7)" "${two[@]}" --boots 7 --clock icount --resume -- run
refused "--order (abba, now random)" "${two[@]}" "${same_again[@]}" --order random -- run
refused "--seed (1, now 2)" "${two[@]}" "${same_again[@]}" --seed 2 -- run
refused "--clock (icount, now real)" "${two[@]}" --boots 6 --resume -- run
refused "--memory (2048, now 1024)" "${two[@]}" "${same_again[@]}" -m 1024 -- run
refused "--append (none, now hugepages=1)" "${two[@]}" "${same_again[@]}" --append hugepages=1 -- run
refused "command for the guest" "${two[@]}" "${same_again[@]}" -- run -p samples=7
refused "command for the guest" "${two[@]}" "${same_again[@]}" -- run -c tests/fixtures/jobs/doctor.json
refused "kernel image" -k "a=$dir/a.img" -k "bb=$dir/ccc.img" "${same_again[@]}" -- run
echo other >"$dir/guest2"
refused "guest" "${two[@]}" "${same_again[@]}" --guest "$dir/guest2" -- run
vm -k "a=$dir/a.img" "${same_again[@]}" -- run
same "resume: another set of kernels is another schedule" "$status $(grep -c 'no unfinished schedule of a$' "$dir/err")" "2 1"
vm "${two[@]}" "${same_again[@]}" -- run
same "after all that it still goes on" "$status $(jq .complete "$dir/results"/*.json | sort -u)" "0 true"

anew
echo '{"about": "x", "cases": [{"pinner": "null", "layout": "base", "state": "exclusive"}]}' >"$dir/job.json"
BOOT_PANIC=a:2 vm "${two[@]}" --boots 2 --clock icount -- run -c "$dir/job.json"
sed -i s/x/y/ "$dir/job.json"
refused "text of the job file" "${two[@]}" --boots 2 --clock icount --resume -- run -c "$dir/job.json"

vm "${two[@]}" --jobs 2 -- run
same "real time, boots side by side: refused" "$status $(grep -c "disturb each other's times" "$dir/err")" "2 1"

# Two invocations within a second do not write to one file.
anew
for _ in 1 2; do
	vm -k "a=$dir/a.img" -- run &
done
wait
vm -k "a=$dir/a.img" -- run
vm -k "a=$dir/a.img" -- run
same "a file that is there is not overwritten" "$([ "$(find "$dir/results" -name '*.json' | wc -l)" -ge 3 ] && echo yes)" yes
exit $bad
