#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# make install puts the whole program below DESTDIR, and nothing outside of it; the installed program works.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

if ! make --no-print-directory install DESTDIR="$dir" PREFIX=/usr >"$dir/log" 2>&1; then
	sed 's/^/# /' "$dir/log"
	echo "not ok - make install"
	exit 1
fi
for file in bin/pinbench share/man/man1/pinbench.1 share/bash-completion/completions/pinbench \
	share/pinbench/plots/hit.gp configs; do
	case $file in
	configs) [ "$(cd configs && echo *.json)" = "$(cd "$dir/usr/share/pinbench/configs" && echo *.json)" ] ;;
	*) [ -f "$dir/usr/$file" ] ;;
	esac || { echo "not ok - $file is not installed"; bad=1; }
done
if (cd / && "$dir/usr/bin/pinbench" run --dry-run -p pinner=null -c "$dir/usr/share/pinbench/configs/quick.json") >/dev/null; then
	echo "ok - the installed program plans an installed job file"
else
	echo "not ok - the installed program does not run"
	bad=1
fi
[ $bad -eq 0 ] && echo "ok - make install"
exit $bad
