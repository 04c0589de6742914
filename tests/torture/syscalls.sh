#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each system call of each verb fails in turn, with each error that fits it. tests/torture/syscalls.sh [EVERY]: only each EVERYth; in
# CI (TORTURE_PART=10) each 200th, which is a minute.
if ! command -v strace >/dev/null; then
	echo "ok - system calls that fail # SKIP strace is not installed (make deps)"
	exit 0
fi
exec "${0%/*}/faults.py" syscalls "${@:-$((${TORTURE_PART:-1} > 1 ? TORTURE_PART * 20 : 1))}"
