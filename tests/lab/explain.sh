#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a pin executes, function by function: the known tables of the cont-PTE fix (docs/explain.md), exact sums, memory
# that repeats, and that the plugin in QEMU changes nothing but its own fields. The tables were made with another
# program: a plugin of its own, against the guest's counter, on these two kernels in the minimal configuration.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

before=$(kernel seed-1-before) after=$(kernel seed-1-after)
job=(run -c configs/seed-1.json -p pinner=gup-test/pin-fast -p layout=hugetlb-64K -p state=exclusive-ro -p samples=4
	-p "window=page,tail,0+256K" -p "pages_per_call=1,16,64,all")
boot --clock icount --boots 2 -k "before=$before" -k "after=$after" -- "${job[@]}"
same "both kernels run the job" "$status" 0
base=$(file_of before) new=$(file_of after)
# shellcheck disable=SC2015 # give_up ends the test
[ -f "$base" ] && [ -f "$new" ] || give_up "no result: $(tail -3 "$dir/err")"

# Every case is explained, and adds up three ways: by function, by path and by stack; within two grains of the clock.
for file in "$base" "$new"; do
	same "${file##*/}: every case has memory in each boot" \
		"$(jq -r '[.results[] | select(.status == "done") | select([.runs[].memory.cycle.loads | length] | unique != [4]) | .key] | join(" ")' "$file")" ""
	same "${file##*/}: every case is explained" \
		"$(jq -r '[.results[] | select(.status == "done") | select(.explain.cycle.instructions == null) | .key] | join(" ")' "$file")" ""
	same "${file##*/}: every sum is exact" \
		"$(jq -r '[.results[] | select(.explain) | .explain.cycle as $e | select(($e.functions | map(.counts[0]) | add) != $e.instructions or
			($e.paths | add) != $e.instructions or ($e.stacks | map(.instructions) | add) != $e.instructions) | .key] | join(" ")' "$file")" ""
	same "${file##*/}: the clock agrees within two grains" \
		"$(jq -r '[.results[] | select(.explain) | .explain.cycle | (.instructions - .reported) | select(. > 32 or . < -32)] | length' "$file")" 0
done

# paths FILE KEY-END: fast, slow, unpin, rest, sum
paths() { jq -r --arg tail ",$2" '.results[] | select(.key | endswith($tail)) | .explain.cycle | [.paths[0], .paths[1], .paths[4], .paths[6], .instructions] | map(tostring) | join(" ")' "$1"; }
same "page n=16 before, by path" "$(paths "$base" page,n=16)" "626 1618 308 545 3097"
same "page n=16 after" "$(paths "$new" page,n=16)" "3437 0 308 545 4290"
same "page n=1 before" "$(paths "$base" page,n=1)" "7195 22506 308 1085 31094"
same "page n=1 after" "$(paths "$new" page,n=1)" "6317 0 308 1085 7710"
same "tail n=1 before" "$(paths "$base" tail,n=1)" "451 1499 124 275 2349"
same "tail n=1 after" "$(paths "$new" tail,n=1)" "395 0 124 275 794"
same "0+256K n=64 before" "$(paths "$base" 0+256K,n=64)" "626 5329 1208 1433 8596"
same "0+256K n=64 after" "$(paths "$new" 0+256K,n=64)" "13214 0 1208 1433 15855"

# function FILE NAME: instructions, calls, atomics, barriers of page n=16; an atomic is one exclusive store
counts() { jq -r --arg name "$2" '.results[] | select(.key | endswith(",page,n=16")) | .explain.cycle.functions[] | select(.name == $name) | .counts[0:4] | map(tostring) | join(" ")' "$1"; }
while read -r name was is; do
	same "page n=16: $name" "$(counts "$base" "$name" | tr ' ' ,)/$(counts "$new" "$name" | tr ' ' ,)" "${was#-}/${is#-}"
done <<'END'
internal_get_user_pages_fast 288,1,1,4 1321,1,16,18
try_grab_folio 219,3,6,6 1168,16,32,32
huge_ptep_get 819,3,0,0 -
mod_node_state 237,5,9,0 705,17,21,0
follow_hugetlb_page 277,1,1,1 -
PageHuge - 195,15,0,0
mtree_load 145,1,0,5 -
get_user_pages_unlocked 82,1,0,0 -
mod_node_page_state 30,5,0,0 102,17,0,0
__get_user_pages 59,1,0,0 -
gup_put_folio 90,2,4,2 45,1,2,1
huge_pte_offset 43,1,0,0 -
check_vma_flags 23,1,0,0 -
END

# Of the samples after the fix every other one folds a per-CPU counter, 21 instructions in mod_node_state; the lower
# of the two in the middle does not.
# What explain says of it.
"$PINBENCH" explain "$base" "$new" --case '*,page,n=16' >"$dir/text"
same "explain: adds up" "$(grep -o 'adds up: [+-][0-9]*' "$dir/text")" "adds up: +1193"
holds "explain: the first function" grep -qE 'internal_get_user_pages_fast +288 +1321 +\+1033 ' "$dir/text"
"$PINBENCH" explain "$base" "$new" --case '*,page,n=16' --folded >"$dir/folded"
same "explain --folded: sums" "$(awk '{ was += $(NF - 1); is += $NF } END { print was, is }' "$dir/folded")" "3097 4290"
"$PINBENCH" explain "$base" "$new" --case '*,page,n=16' --format json >"$dir/json"
same "explain --format json: adds up" "$(jq '.cases[0].adds_up.counted' "$dir/json")" 1193
"$PINBENCH" explain "$base" "$new" --case 'no-such-case' >"$dir/none" 2>"$dir/none.err"
same "explain: no such case is an error" "$? $(grep -c 'no case that was measured matches' "$dir/none.err")" "2 1"

# A QEMU without plugins measures the same, and says what it does without.
mkdir "$dir/without" && chmod 755 "$dir" "$dir/without"
cat >"$dir/without/qemu-system-aarch64" <<'END'
#!/bin/sh
[ "$1" != --help ] || { /usr/bin/qemu-system-aarch64 --help | grep -v '^-plugin'; exit; }
exec /usr/bin/qemu-system-aarch64 "$@"
END
chmod 755 "$dir/without/qemu-system-aarch64"
boot --clock icount --boots 1 --qemu "$dir/without" -k "plain=$before" -- "${job[@]}"
same "without plugins: measured" "$status" 0
holds "without plugins: it says so" grep -q 'loads no plugins: instructions are counted, and neither memory nor functions' "$dir/err"
plain=$(file_of plain)
measured() { jq -c '[.results[] | {key, status, counts, run: (.runs[0] | del(.memory, .block, .slot))}]' "$1"; }
same "without plugins: the same to the bit" "$(cmp <(measured "$base") <(measured "$plain") 2>&1)" ""
same "without plugins: no field of its own" "$(jq '[.results[] | select(.explain or .runs[0].memory)] | length' "$plain")" 0
"$PINBENCH" explain "$plain" >"$dir/none" 2>"$dir/none.err"
same "explain of it is an error with a way out" "$? $(grep -c 'there is nothing that explains it' "$dir/none.err")" "2 1"

# Times cannot be explained: nothing is loaded for them.
boot --boots 1 -k "real=$after" -- "${job[@]}" -p window=tail
same "clock real: no field of its own" "$(jq '[.results[] | select(.explain or .runs[0].memory)] | length' "$(file_of real)")" 0
"$PINBENCH" explain "$(file_of real)" >"$dir/none" 2>"$dir/none.err"
same "clock real: an error that names the clock" "$? $(grep -c -- '--clock icount' "$dir/none.err")" "2 1"

# The null pinner executes next to nothing, and what faults is counted once: by the clock, within two grains.
boot --clock icount --boots 1 -k "null=$after" -- run -c configs/seed-1.json -p "pinner=null,process_vm/readv" -p layout=base \
	-p "state=exclusive,unpopulated" -p window=head,0+64K -p samples=3
null=$(file_of null)
same "null: no function of the kernel" "$(jq -r '[.results[] | select(.params.pinner == "null") | .explain.cycle.functions[]?.name | select(. != "[user]")] | unique | join(" ")' "$null")" ""
same "faults: every case is explained" "$(jq -r '[.results[] | select(.status == "done" and .params.state == "unpopulated") |
	select(.explain.cycle.instructions == null) | .key + ": " + (.explain.cycle.why // "none")] | join("; ")' "$null")" ""
exit $bad
