#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The pages of pinbench report in headless Chromium: rows held against compare's and history's JSON, filter, sort, keyboard, contrast,
# 360 px, without scripts, on paper. tests/page/check.mjs says what it looks at.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=tests/fixtures modules=$PWD/build/page-test
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
if grep -q __asan_init "$pinbench"; then
	echo "ok - the page in a browser # SKIP a sanitizer's build writes the same, and that is looked at with the usual build"
	exit 0
fi
# shellcheck source=tests/cli/report-pages.bash
. "$(dirname "$0")/report-pages.bash"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if ! command -v node >/dev/null || [ -z "$chromium" ] || [ ! -d "$modules/node_modules/playwright-core" ]; then
	echo "ok - the page in a browser # SKIP chromium, node or the modules of tests/page/package.json are not there (make deps, tests/page/install.sh)"
	exit 0
fi
make_pages
look() # NAME [JSON]
{
	node tests/page/check.mjs "$modules" "$chromium" "$1" "$dir/$1.html" ${2:+"$dir/$2.json"} || bad=1
}
BOTH_COLOURS=1 look pair pair
look matrix matrix
look history history-said
look one
look hostile hostile
ROWS_ONLY=1 look reference reference
exit $bad
