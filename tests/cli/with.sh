#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run --with: two sides in turns. What is asserted is the structure (blocks, slots, one schedule, what a kill costs), never who won.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
# shellcheck source=tests/cli/tap.bash
. tests/cli/tap.bash
dir=$(mktemp -d) || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
small=(-p "pinner=null,process_vm/readv" -p layout=base -p state=exclusive -p access=read -p window=0+64K -p samples=3 -p warmup=1)

says() # CODE SENTENCE COMMAND...: the exit code, and a fixed string on stderr
{
	local code=$1 sentence=$2 got
	shift 2
	"$@" >out 2>err
	got=$?
	[ $got -eq "$code" ] && grep -qF -- "$sentence" err
	check "exit $code: $sentence" || sed "s/^/# $got: /" err
}

slots() # FILE: those of its first result, in a line
{
	jq -r '[.results[0].runs[].slot] | sort | map(tostring) | join(" ")' "$1"
}

# --- a whole schedule ---
"$pinbench" run "${small[@]}" --with "$pinbench" --runs 12 -q 2>err
check "12 blocks of one program with itself: $(cat err)"
a=$(echo results/base-*.json) b=$(echo results/new-*.json)
[ "$(slots "$a")" = "0 3 4 7 8 11 12 15 16 19 20 23" ] && [ "$(slots "$b")" = "1 2 5 6 9 10 13 14 17 18 21 22" ]
check "abba: A B, B A"
jq -se '(.[0].schedule | del(.side)) == (.[1].schedule | del(.side)) and [.[].schedule.side] == [0, 1] and
	.[0].schedule.blocks == 12 and .[0].schedule.sides == ["base", "new"]' "$a" "$b" >out
check "one schedule in both files, each knows its side"
jq -se 'all(.[]; .complete and (.results | length) == 4 and all(.results[]; .status == "done" and
	[.runs[].block] == [range(12)] and [.runs[].index] == [range(12)] and all(.runs[]; .samples.cycle | length == 3)))' \
	"$a" "$b" >out
check "every case has a run in every block"
jq -se 'all(.[]; .environment.observers and .environment.cpu.model and .environment.harness.program and
	all(.results[]; .truth.layout_proof and .truth.state_proof and .counts.faults == 0))' "$a" "$b" >out
check "each side is observed and proved, and knows its machine"
"$pinbench" compare "$a" "$b" >out 2>err && grep -q '^process_vm' out
check "compare takes the pair"

# --- the order that is drawn ---
for nth in 1 2; do
	"$pinbench" run "${small[@]}" --with "$pinbench" --order random --seed 7 -p runs=8 -q -o "a$nth.json" --with-output "b$nth.json"
done
[ "$(slots a1.json)" = "$(slots a2.json)" ] && [ "$(slots a1.json; slots b1.json)" != "$(slots "$a"; slots "$b")" ] &&
	jq -se '[.[].schedule.seed] == [7, 7] and [.[].schedule.order] == ["random", "random"] and .[0].schedule.id != .[1].schedule.id
		and .[0].schedule.blocks == 8' a1.json a2.json >out
check "random: the seed repeats the order, not the identity"

# --- a kill, and going on ---
cp "$pinbench" other
chmod 755 other
turns=("$pinbench" run "${small[@]}" --with "$dir/other" --label one --with-label two --runs 30)
"${turns[@]}" -q &
child=$!
while [ "$(jq '.results[0].runs | length' results/one-*.json 2>/dev/null || echo 0)" -lt 4 ]; do sleep 0.05; done
kill -KILL $child
wait $child 2>/dev/null
a=$(echo results/one-*.json) b=$(echo results/two-*.json)
before=$(jq -c '.results[0].runs[0]' "$a") id=$(jq -r .schedule.id "$a")
jq -e '.complete == false' "$a" >out
check "killed: $(jq '.results[0].runs | length' "$a") of 30 runs are in the file"
"${turns[@]}" -q --runs 31 --resume 2>err
[ $? -eq 2 ] && grep -q 'the schedule has 30 runs a side, not 31' err
check "another number of runs is another schedule"
says 2 'the order is abba, not random' "${turns[@]}" --order random --resume
says 2 'the seed is ' "${turns[@]}" --seed 4000000000 --resume
says 2 'the job is not the one that the schedule began with' "${turns[@]}" -p samples=4 --resume
echo >>other
says 2 'measured by another program' "${turns[@]}" --resume
cp "$pinbench" other
"${turns[@]}" -q --resume 2>err
check "resumed: $(cat err)"
jq -se --arg id "$id" --argjson before "$before" 'all(.[]; .complete and .schedule.id == $id and
	all(.results[]; [.runs[].slot] | length == 30 and . == unique)) and .[0].results[0].runs[0] == $before and
	([.[].results[0].runs[].slot] | sort) == [range(60)]' "$a" "$b" >out
check "what was measured is kept, what was left is measured once"
sum=$(cat "$a" "$b" | cksum)
says 0 '0 of 30 blocks are left' "${turns[@]}" --resume
[ "$sum" = "$(cat "$a" "$b" | cksum)" ]
check "nothing left: nothing is changed"
last=$(jq -c '.results[0].runs[29]' "$a")
jq '.complete = false | .results[].runs |= map(select(.block < 29))' "$b" >torn && cat torn >"$b"
says 0 '1 of 30 blocks are left' "${turns[@]}" --resume
jq -se --argjson last "$last" 'all(.[]; .complete and all(.results[]; [.runs[].block] | sort == [range(30)])) and
	.[0].results[0].runs[29] != $last and .[0].results[0].runs[29].slot == $last.slot' "$a" "$b" >out
check "a block of which only one side was saved is measured again on both"
says 2 'nothing to resume: results/ has no unfinished schedule of one and three' "${turns[@]}" --with-label three --resume

# --- an interrupt ---
"${turns[@]}" -p samples=2000 -o int-a.json --with-output int-b.json -q 2>err &
child=$!
while [ ! -e int-a.json ]; do sleep 0.05; done
kill -INT $child
wait $child
[ $? -eq 130 ] && jq -e '.complete == false and all(.results[]; all(.runs[]; .samples.cycle | length == 2000))' int-a.json >out
check "interrupted: 130, and only whole passes in the file"

# --- what ends or changes while it goes on ---
long=("$pinbench" run "${small[@]}" -p samples=2000 --label one --with-label two --runs 40 -q)
passes() { while [ ! -e "$1" ] && kill -0 $child; do sleep 0.05; done; } # until the file of a side is there
"${long[@]}" --with "$pinbench" -o end-a.json --with-output end-b.json 2>err &
child=$!
passes end-b.json
# again and again: a pass that has measured its case when it is told to end gives it whole
while kill -0 $child 2>/dev/null; do pkill -TERM -P $child; sleep 0.02; done
wait $child
[ $? -eq 2 ] && grep -qE 'ended before it was done|gave no result' err && jq -se 'all(.[]; .complete == false and
	all(.results[]; .status == "done") and (.results | map(.runs | length) | unique | length == 1))' end-a.json end-b.json >out
check "a pass that somebody else has ended is not taken for a whole one" || sed 's/^/# /' err
cp "$pinbench" other
"${long[@]}" --with ./other -o in-a.json --with-output in-b.json 2>err &
child=$!
passes in-b.json
until echo 2>/dev/null >>other; do :; done # ETXTBSY while it runs
wait $child
[ $? -eq 2 ] && grep -q 'other: not the program any more' err && jq -e '.complete == false' in-b.json >out
check "a program that is written to while it takes turns is another one" || sed 's/^/# /' err
cp "$pinbench" other
printf '#!/bin/bash\n"%s" "$@" &\necho $! >"%s"\nwait\n' "$pinbench" "$dir/inner" >wrap
chmod 755 wrap
"${long[@]}" --with ./wrap -o wrap-a.json --with-output wrap-b.json 2>err &
child=$!
passes wrap-a.json
rm -f inner
while [ ! -s inner ] && kill -0 $child; do sleep 0.01; done
kill -INT $child
wait $child
[ $? -eq 130 ]
check "a script around it, interrupted"
for _ in $(seq 100); do kill -0 "$(cat inner)" 2>/dev/null || break; sleep 0.1; done
! kill -0 "$(cat inner)" 2>/dev/null
check "and what the script has started ends, too"

# --- two jobs ---
job() # FILE LAYOUT WINDOW
{
	echo '{"cases": [{"pinner": "process_vm/*", "layout": "'"$2"'", "state": "exclusive", "window": "'"$3"'", "pages_per_call": [1, 16],
		"samples": 3}]}' >"$1"
}
job base.json base 0+64K
job region.json base 64K+64K
job page.json base page
says 0 'compared case by case: window 0+64K with 64K+64K' "$pinbench" run -c base.json --with region.json --runs 2
a=$(echo results/base-*Z.json) b=$(echo results/region-*.json)
a=${a##* }
jq -se '[.[0].results[].key] == [.[1].results[].counterpart] and [.[1].results[].key] == [.[0].results[].counterpart]' "$a" "$b" >out
check "cases of two jobs know their counterparts"
"$pinbench" compare --format=csv "$a" "$b" >out && [ "$(grep -c ',cycle,time,.*,pairs,2,2,' out)" -eq 4 ]
check "and compare pairs them" || sed 's/^/# /' out
says 2 'the two jobs have no case in common, and not as many cases can run here' "$pinbench" run -c base.json --with page.json
says 2 'windows have different sizes' "$pinbench" run -c base.json --with page.json -p pages_per_call=1
sed 's,process_vm/\*,null,' region.json >null.json
says 2 'cases differ in more than one key' "$pinbench" run -c base.json --with null.json

# --- what is refused ---
says 2 'need --with' "$pinbench" run --resume
says 2 'both or none' "$pinbench" run --with base.json -o x.json
says 2 'both sides are called "x"' "$pinbench" run -c base.json --with region.json --label x --with-label x
says 2 'two sides need two files' "$pinbench" run -c base.json --with region.json -o x.json --with-output x.json
says 2 'two sides need two files' "$pinbench" run -c base.json --with region.json -o x.json --with-output "$dir/./x.json"
says 2 '/bin/true: not pinbench' "$pinbench" run --with /bin/true
says 2 'none.json: No such file' "$pinbench" run --with none.json
echo '{' >half.json
says 2 'half.json is no program (ELF, #!)' "$pinbench" run --with half.json
chmod o+w other
says 2 'can be changed by everybody' "$pinbench" run --with ./other
chmod 644 other
says 2 'may not be executed' "$pinbench" run --with ./other
says 4 'no case can run here' "$pinbench" run -c base.json --with base.json -p pinner=process_vm/readv -p access=write --runs 2 \
	--label a --with-label b
exit $bad
