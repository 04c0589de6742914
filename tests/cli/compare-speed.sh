#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# compare is fast and takes little memory, however many samples there are.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
if grep -q __asan_init "$pinbench"; then
	echo "ok - the speed of compare # SKIP built with a sanitizer"
elif ! command -v python3 >/dev/null; then
	echo "ok - the speed of compare # SKIP python3 is not installed (make deps)"
else
	exec python3 tests/compare_speed.py "$pinbench"
fi
