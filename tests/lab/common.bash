# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests that boot kernels share: TAP lines, kernels by name, fields of result files.
# shellcheck disable=SC2034 # bad and status are for those who include this
set -uo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
PINBENCH=${PINBENCH:-$PWD/pinbench}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

ok() { echo "ok - $*"; }
not_ok() { echo "not ok - $*"; bad=1; }
same() { # WHAT GOT WANTED
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: got \"$2\", not \"$3\""; fi
}
holds() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >/dev/null 2>&1; then ok "$what"; else not_ok "$what"; fi
}
give_up() { not_ok "$*"; exit 1; }

# Building is not what is tested here, but a kernel that cannot be built fails the test.
kernel() { lab/kernel.sh "$1" || give_up "building $1"; }

# boot VM-ARGUMENT... -- run ...: result files into $dir/results, stderr into $dir/err; status in $status
boot() {
	status=0
	"$PINBENCH" vm -o "$dir/results" "$@" >"$dir/out" 2>"$dir/err" || status=$?
}
file_of() { # NAME: its newest result
	local files=("$dir/results/$1"-2*.json)
	echo "${files[-1]}"
}
# Every case ran, and the run came to its end.
all_done() { # WHAT FILE
	same "$1: complete" "$(jq .complete "$2")" true
	same "$1: no case failed or was skipped" \
		"$(jq -r '[.results[] | select(.status != "done") | .key + ": " + .why] | join("; ")' "$2")" ""
	same "$1: every pin is given back, the kernel has nothing to complain about" \
		"$(jq -r '[.results[] | select(.truth.pins_balanced == false or .truth.kernel_complaints > 0
			or .truth.new_taint > 0) | .key] | join(" ")' "$2")" ""
}
