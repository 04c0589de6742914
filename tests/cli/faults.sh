#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A sample of what "make torture" does whole: an allocation or a system call fails, and nothing crashes, hangs, is left behind or
# is wrong with exit 0. Then, by name: what says nothing about the machine is a failed case.
set -u
export PINBENCH=${PINBENCH:-$PWD/pinbench}
if grep -q __asan_init "$PINBENCH"; then
	echo "ok - faults # SKIP a sanitizer brings its own allocator, and does not work under strace"
	exit 0
fi
PINBENCH=$(realpath "$PINBENCH")
bad=0
tests/torture/malloc.sh 500 || bad=1
tests/torture/syscalls.sh 30 list "compare one" import || bad=1
tests/torture/syscalls.sh 90 "plot cost" || bad=1
tests/torture/syscalls.sh 300 run || bad=1

command -v strace >/dev/null || exit $bad
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
for fault in pipe2:EMFILE:1 pipe2:EIO:1 clone:ENOMEM:1 clone:EAGAIN:2; do
	IFS=: read -r call error when <<<"$fault"
	strace -f -qq -o /dev/null -e "trace=$call,clone3,fork" -e "inject=$call:error=$error:when=$when" "$PINBENCH" run -p pinner=null \
		-p layout=base -p state=exclusive -p samples=3 -p window=head -o "$dir/out.json" >"$dir/out" 2>&1
	if [ $? -eq 1 ] && jq -e '[.results[].status] | index("failed") and (index("skipped") | not)' "$dir/out.json" >/dev/null; then
		echo "ok - $call, $error: a failed case, exit 1"
	else
		echo "not ok - $call, $error: a failed case, exit 1"
		sed 's/^/# /' "$dir/out"
		bad=1
	fi
done
exit $bad
