#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/page/install.sh      what the test of the page needs of npm, at the versions of package-lock.json, into
# build/page-test. Where that cannot be had the test says so and is skipped.
set -u
cd "$(dirname "$0")/../.." || exit 1
to=build/page-test
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
	exit 0
fi
cmp -s tests/page/package-lock.json $to/node_modules/.installed && exit 0
mkdir -p $to && cp tests/page/package.json tests/page/package-lock.json $to/ || exit 1
if ! (cd $to && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >install.log 2>&1); then
	echo "  the test of the page will be skipped: npm could not install what it needs ($to/install.log)" >&2
	exit 0
fi
cp tests/page/package-lock.json $to/node_modules/.installed
