#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: dashboards/picture.sh [PICTURE [WIDTH [light|dark]]]      the console page in headless Chromium: docs/console.png
#
# Of the reference history where there is one, else of tests/dashboard_data.py. Needs node and what tests/page/install.sh puts into
# build/page-test.
set -euo pipefail
cd "$(dirname "$0")/.."
picture=${1:-docs/console.png} width=${2:-960} colours=${3:-light}
modules=$PWD/build/page-test
chromium=$(command -v chromium chromium-browser | head -1 || true)
if [ -z "$chromium" ] || ! command -v node >/dev/null || [ ! -d "$modules/node_modules/playwright-core" ]; then
	echo "picture: node, Chromium or playwright-core is missing" >&2
	echo "picture: fix: make deps; tests/page/install.sh" >&2
	exit 4
fi
dir=$(mktemp -d) pid=''
finish()
{
	trap - EXIT INT TERM HUP
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'finish; exit 130' INT TERM HUP
results=()
if [ ! -d results/reference/history ]; then
	mkdir "$dir/week"
	python3 tests/dashboard_data.py "$dir/week"
	results=("$dir"/week/icount-*.json)
fi
EVALUATION=1s dashboards/serve.sh "${results[@]}" >"$dir/url" &
pid=$!
for ((i = 0; i < 600; i++)); do
	grep -q ^http "$dir/url" && break
	kill -0 "$pid" 2>/dev/null || exit 1
	sleep 0.1
done
sleep 10 # the rules are evaluated
node dashboards/picture.mjs "$modules" "$chromium" "$(head -1 "$dir/url")" "$dir/picture.png" "$width" "$colours" || true
# 64 colours are enough for text; without ImageMagick the file is twice as large
! command -v convert >/dev/null || convert "$dir/picture.png" -strip +dither -colors 64 "png8:$dir/picture.png"
mv "$dir/picture.png" "$picture"
chmod 644 "$picture"
echo "$picture: $(stat -c %s "$picture") bytes"
