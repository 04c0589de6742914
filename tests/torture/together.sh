#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/torture/together.sh [ROUNDS] [SEED]   (root; no other program may change huge pages or THP meanwhile)
# Rounds of 2, 4 and 8 runs at once that reserve huge pages and switch THP on, some of them killed at random moments: afterwards
# every pool of every size and node and every THP switch is as before, and no run that was left alone has failed.
# Ends with "N rounds: knobs differ in X, false failures Y".
set -u
pinbench=${PINBENCH:-./pinbench} rounds=${1:-$((500 / ${TORTURE_PART:-1}))}
RANDOM=${2:-1}
mm=/sys/kernel/mm thp=/sys/kernel/mm/transparent_hugepage/enabled
dir=$(mktemp -d) || exit 1
differ=0 failed=0 killed=0

word() { sed 's/.*\[\(.*\)\].*/\1/' "$1"; }
knobs()
{
	local file

	for file in "$mm"/hugepages/*/nr_hugepages /sys/devices/system/node/node*/hugepages/*/nr_hugepages; do
		[ -f "$file" ] && echo "$file $(cat "$file")"
	done
	for file in "$thp" "$mm"/transparent_hugepage/hugepages-*/enabled; do
		[ -f "$file" ] && echo "$file $(word "$file")"
	done
}
put_back() # KNOBS
{
	local file value

	while read -r file value; do
		[ "$(word "$file")" = "$value" ] || echo "$value" >"$file"
	done <<<"$1"
}

first=$(knobs)
trap 'put_back "$first"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
# THP that a run has to switch on
[ ! -f $thp ] || echo never >$thp
before=$(knobs)

for ((round = 1; round <= rounds; round++)); do
	pids=() doomed=() layouts=(hugetlb-2M thp-2M)
	[ -f $thp ] || layouts=(hugetlb-2M)
	nr=$((2 << round % 3))
	for ((i = 0; i < nr; i++)); do
		"$pinbench" run -q -p pinner=process_vm/readv -p "layout=${layouts[RANDOM % ${#layouts[@]}]}" -p state=exclusive \
			-p access=read -p window=page -p size=$((RANDOM % 4 * 4 + 4))M -p samples=20 -o "$dir/$i.json" \
			>"$dir/$i.log" 2>&1 &
		pids+=($!)
		doomed+=("$((RANDOM % 3 == 0))")
		sleep "0.0$((RANDOM % 10))"
	done
	for ((i = 0; i < nr; i++)); do
		[ "${doomed[i]}" = 1 ] || continue
		sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
		kill -9 "${pids[i]}" && killed=$((killed + 1))
	done 2>/dev/null
	for ((i = 0; i < nr; i++)); do
		wait "${pids[i]}" 2>/dev/null
		status=$?
		[ "${doomed[i]}" = 0 ] || continue
		if [ $status != 0 ] || ! jq -e '.results | length > 0 and all(.status == "done")' "$dir/$i.json" >/dev/null; then
			failed=$((failed + 1))
			echo "# round $round, run $i of $nr: exit status $status, $(jq -r '[.results[].why // empty][0]' "$dir/$i.json")"
			sed 's/^/#   /' "$dir/$i.log"
		fi
	done
	# what nobody is left to put back, the next invocation does
	"$pinbench" list >/dev/null 2>"$dir/list.log"
	# a run that somebody else started meanwhile may need what these have set: its journal goes when it ends
	for ((waited = 0; waited < 100; waited++)); do
		[ -n "$(ls -A /run/pinbench 2>/dev/null)" ] || break
		sleep 0.1
	done
	after=$(knobs)
	if [ "$after" != "$before" ]; then
		differ=$((differ + 1))
		echo "# round $round, $nr runs:"
		diff <(echo "$before") <(echo "$after") | sed 's/^/#   /'
		sed 's/^/#   /' "$dir/list.log"
		put_back "$before"
	fi
	rm -f "$dir"/*
done
echo "$rounds rounds: knobs differ in $differ, false failures $failed" "($killed kills)"
[ $differ = 0 ] && [ $failed = 0 ]
