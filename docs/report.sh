#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: docs/report.sh      makes docs/report.png, the picture of a page in the README, by headless Chromium
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
./pinbench report results/reference/seed-1-before.json results/reference/seed-1-after.json -o "$dir/report.html"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
# a profile of its own: nothing of the user's is read or written
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$dir/profile" --window-size=1280,860 \
	--screenshot="$dir/report.png" "file://$dir/report.html" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
cp "$dir/report.png" docs/report.png
