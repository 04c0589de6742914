#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/patch.sh TREE [PATCH]      your kernel without and with a patch, for "make lab"
#
# JOB: a job file (configs/quick.json)   BOOTS: of each kernel (8; in real time 10)   KCONFIG: your configuration
# instead of the tree's .config or the lab's   CLOCK: icount (instructions, the same on every machine) or real (times, of use where KVM works)
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

tree=${1:?usage: lab/patch.sh TREE [PATCH]} patch=${2:-}
[ -z "$patch" ] || patch=$(realpath -e "$patch") || die "$2 is not there"
[ -z "${KCONFIG:-}" ] || KCONFIG=$(realpath -e "$KCONFIG") || die "KCONFIG is not there"
cd "$LAB/.."
job=${JOB:-configs/quick.json}
[ -f "$job" ] || die "$job is not there" "JOB=configs/X.json"

images=$("$LAB/kernel.sh" --tree "$tree" ${patch:+--patch "$patch"} ${KCONFIG:+--config "$KCONFIG"})
mapfile -t images <<<"$images"
kernels=(-k "base=${images[0]}")
[ -z "$patch" ] || kernels+=(-k "patched=${images[1]}")
status=0
files=$(./pinbench vm --clock "${CLOCK:-icount}" ${BOOTS:+--boots "$BOOTS"} "${kernels[@]}" -- run -c "$job") || status=$?
mapfile -t files <<<"$files"
[ -n "${files[0]}" ] || die "the guests left no results" "see the message above"
./pinbench compare "${files[@]}"
printf 'lab: written: %s\n' "${files[@]}" >&2
exit "$status"
