#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: git bisect run PINBENCH/docs/bisect.sh BASE-IMAGE [GATE-OPTION...]      in a kernel tree; see docs/bisect.md
#
# One step: builds the commit that is checked out, boots it and the kernel BASE-IMAGE in turn, and lets the gate decide. Ends with
# 0 good, 1 bad, 125 cannot be tested (it does not build or boot, or the gate cannot decide), 128 nothing can be.
#
# JOB: a job file or the name of one (seed-1)   BOOTS: of each kernel (10)   KCONFIG: your configuration instead of the lab's
# CLOCK: icount (instructions) or real (times, of use where KVM works)   RESULTS: where they are kept (pinbench-bisect)
set -u
top=$(cd "$(dirname "$0")/.." && pwd)

# git takes every code from 1 to 127 but 125 for "bad": nothing here may end with one by accident.
skip() { echo "bisect: $1: skipped" >&2; exit 125; }
stop() { echo "bisect: $1" >&2; exit 128; }
trap 'stop "interrupted"' INT TERM

[ $# -ge 1 ] || stop "usage: git bisect run $0 BASE-IMAGE [GATE-OPTION...]"
base=$1
shift
[ -f "$base" ] || stop "$base is not there: build the good commit once, and copy its image out of the cache"
# Beside it in the source tree, or installed: PREFIX/share/pinbench/docs/bisect.sh.
pinbench=$top/pinbench
[ -x "$pinbench" ] || pinbench=$(realpath -m "$top/../../bin/pinbench")
[ -x "$pinbench" ] || stop "$top/pinbench is not there: make"
job=${JOB:-seed-1}
case $job in */* | *.json) [ -f "$job" ] || stop "$job is not there" ;; esac
commit=$(git rev-parse --short HEAD) || stop "this is not a git tree"
results=${RESULTS:-pinbench-bisect}/$commit
rm -rf "$results"
mkdir -p "$results" || stop "$results cannot be made"

new=$("$top/lab/kernel.sh" --tree . ${KCONFIG:+--config "$KCONFIG"}) || skip "$commit does not build"
"$pinbench" vm --clock "${CLOCK:-icount}" --boots "${BOOTS:-10}" -k "base=$base" -k "new=$new" -o "$results" \
	-- run -q -c "$job" >/dev/null
shopt -s nullglob
was=("$results"/base-*.json) is=("$results"/new-*.json)
[ ${#was[@]} -eq 1 ] || stop "the base kernel left no results: see above"
[ ${#is[@]} -eq 1 ] || skip "$commit left no results"
shopt -s execfail
# shellcheck disable=SC2093 # what follows is for an exec that fails
exec "$pinbench" gate --bisect "$@" "${was[0]}" "${is[0]}"
stop "the gate did not start"
