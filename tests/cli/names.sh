#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No file of src/ knows a pinner or a layout by its name: what sets one apart is a field of its struct. Known are
# the words of gup_test in src/import, and the settings of the kernel in src/host/hugepage.
# tests/cli/names.sh [DIR]: DIR has src/.
set -u
pinbench=${PINBENCH:-./pinbench}
dir=${1:-.}
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

# "null", "io_uring/", "io_uring/register", "thp-", "thp-2M" as a whole literal. "base" is also the first of two files.
words=$("$pinbench" list --json pinners layouts | grep -oP '"name": "\K[^"]+' | grep -vx base |
	sed -E 'p; s,^(.*/).*,\1,; s,^(.*-)[0-9]+[KMG].*,\1,' | sort -u)
[ "$(grep -cE '^(null|io_uring/|hugetlb-|thp-)$' <<<"$words")" -ge 2 ]
check "there are names to look for"

named() # DIR
{
	# shellcheck disable=SC2001 # a line each
	sed 's/.*/"&"/' <<<"$words" |
		grep -rnFf - "$1/src" --include='*.[ch]' | grep -vE "^$1/src/(import/|host/hugepage\\.)" |
		grep -vE ':[0-9]+:[[:space:]]*(/?\*|//)'
}

! named "$dir"
check "no file of src/ names a pinner or a layout"

! grep -rnE '\bBACKING_|->backing\b' "$dir/src" "$dir/bench"
check "nothing asks for a backing"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/src/run"
echo 'if (strcmp(pinner->name, "null") == 0) return;' >"$copy/src/run/run.c"
named "$copy" >/dev/null
check "a file that does is found"

exit $bad
