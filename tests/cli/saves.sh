#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Result files: nobody's is overwritten, what killed saves left is swept and nothing else, interrupted system calls are called again,
# standard descriptors that are closed get no result, a limit of file sizes is an error.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
# shellcheck source=tests/cli/tap.bash
. tests/cli/tap.bash
dir=$(mktemp -d) || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
run=("$pinbench" run -q -p pinner=null -p layout=base -p state=exclusive -p access=read -p window=page -p pages_per_call=all
	-p samples=2 -p warmup=0)

# --- names ---
pids=()
for _ in 1 2 3 4 5 6; do "${run[@]}" --label six & pids+=($!); done
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
files=(results/six-*.json)
[ $status = 0 ] && [ ${#files[@]} = 6 ] && jq -se 'length == 6 and all(.[]; .complete and .label == "six")' "${files[@]}" >out
check "six runs of one label at once: six results (${#files[@]})"
printf '%s\n' 'gup_test -a -n 1' 'PIN_FAST_BENCHMARK: Time: get:10 put:5 us' >log
for _ in 1 2 3; do "$pinbench" import gup_test log --label imported -q & done
wait
files=(results/imported-*.json)
[ ${#files[@]} = 3 ]
check "three imports of one label at once: three results (${#files[@]})" || ls results
for _ in 1 2 3; do "${run[@]}" --with "$pinbench" --label a --with-label b --runs 2 & done
wait
stamps() { for file in results/"$1"-*.json; do echo "${file#results/"$1"-}"; done | sort | tr '\n' ' '; }
[ "$(stamps a)" = "$(stamps b)" ] && [ "$(stamps a | wc -w)" = 3 ] && for stamp in $(stamps a); do
	jq -se '.[0].schedule.id == .[1].schedule.id and all(.[]; .complete)' "results/a-$stamp" "results/b-$stamp" >out || break
done
check "three schedules at once: pairs under one number each ($(stamps a))"
"${run[@]}" --with "$pinbench" --label a --with-label b --runs 2 --resume 2>err
check "the newest of them can be resumed" || sed 's/^/# /' err
echo mine >given.json
"${run[@]}" -o given.json && jq -e .complete given.json >out
check "the file of -o is replaced"

# --- what killed saves left ---
mkdir swept && cd swept || exit 1
echo torn >.pinbench-0123abcd.tmp
echo live >.pinbench-11111111.tmp
echo other >.pinbench-0123abcd.tmp.keep
echo other >.pinbench-xyz.tmp
echo secret >target && ln -s target .pinbench-22222222.tmp
echo two >names && ln names .pinbench-33333333.tmp
mkfifo .pinbench-44444444.tmp
mkdir .pinbench-55555555.tmp
if [ "$(id -u)" = 0 ]; then echo theirs >.pinbench-66666666.tmp && chown 12345 .pinbench-66666666.tmp; fi
exec 8<.pinbench-11111111.tmp && flock 8
timeout 20 "${run[@]}" -o o.json
[ ! -e .pinbench-0123abcd.tmp ]
check "the next save sweeps what a killed one left"
[ -e .pinbench-11111111.tmp ]
check "not what another one is writing"
[ -e .pinbench-0123abcd.tmp.keep ] && [ -e .pinbench-xyz.tmp ] && [ -L .pinbench-22222222.tmp ] && [ "$(cat target)" = secret ] &&
	[ "$(stat -c %h names)" = 2 ] && [ -p .pinbench-44444444.tmp ] && [ -d .pinbench-55555555.tmp ]
check "nor other names, links, pipes, directories"
if [ "$(id -u)" = 0 ]; then
	[ -e .pinbench-66666666.tmp ]
	check "nor somebody else's"
fi
exec 8<&-
"${run[@]}" -o o.json
[ ! -e .pinbench-11111111.tmp ]
check "but when that is gone, the one after it"
cd ..

# --- interrupted system calls ---
if strace -o trace true 2>/dev/null; then
	for call in fdatasync fsync renameat renameat2 write flock; do
		rm -f eintr.json results/eintr-*.json
		out=(-o eintr.json)
		[ $call != renameat2 ] || out=(--label eintr)
		# every other one: what is called again succeeds; a leak sanitizer cannot work under strace
		ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace -e trace=$call -e inject=$call:error=EINTR:when=1+2 "${run[@]}" "${out[@]}" 2>err &&
			jq -e .complete eintr.json results/eintr-*.json 2>/dev/null | grep -q true && grep -q INJECTED trace && [ ! -s err ]
		check "EINTR of $call is no end" || sed 's/^/# /' err trace | head -20
	done
else
	echo "ok - EINTR # SKIP strace cannot trace here"
fi

# --- standard descriptors ---
for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
	rm -f closed.json
	bash -c "exec \"\$@\" $closed" - "${run[@]}" -o closed.json && jq -e .complete closed.json >out
	check "closed: $closed"
done
rm -f closed.json
bash -c 'exec "$@" >&- 2>&-' - "$pinbench" run -p pinner=null -p samples=2 -o closed.json
jq -e '.complete' closed.json >out 2>err
check "what is meant for the terminal does not get into a file" || sed 's/^/# /' err

# --- a limit ---
(ulimit -f 1 && "$pinbench" run -q -p pinner=null -p samples=3000 -o large.json) 2>err
[ $? = 2 ] && grep -q 'File too large' err && [ ! -e large.json ] && [ -z "$(find . -maxdepth 1 -name '.pinbench-*')" ]
check "a file above the limit of its size is an error, and leaves nothing" || sed 's/^/# /' err
exit $bad
