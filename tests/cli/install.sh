#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2015 # fail does not fail
# make install puts the whole program below DESTDIR, and nothing outside of it; the installed program works.
set -u
# shellcheck disable=SC2015,SC2016 # fail is for either; the script below expands by itself
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

if ! make --no-print-directory install DESTDIR="$dir" PREFIX=/usr >"$dir/log" 2>&1; then
	sed 's/^/# /' "$dir/log"
	echo "not ok - make install"
	exit 1
fi
for file in bin/pinbench share/man/man1/pinbench.1 share/bash-completion/completions/pinbench \
	share/pinbench/plots/hit.gp share/pinbench/docs/bisect.sh share/pinbench/lab/kernel.sh share/pinbench/lab/config/guest.config \
	share/doc/pinbench/README.md share/doc/pinbench/docs/method.md configs; do
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

# In an empty directory, as whoever copied no file: jobs have names, and a file is never taken for one.
mkdir "$dir/empty" && cd "$dir/empty" || exit 1
new=$dir/usr/bin/pinbench
fail() { echo "not ok - $1"; sed 's/^/# /' out; bad=1; }
for job in quick full gup-unshare hugetlb-cont-pte seed-1; do
	"$new" run --dry-run -c "$job" >out 2>&1
	code=$?
	{ [ $code = 0 ] || [ $code = 4 ]; } && tail -n 1 out | grep -q '^[0-9]* cases: ' || fail "-c $job: exit $code"
done
"$new" run --dry-run -c full.json >out 2>&1
[ $? = 2 ] && grep -q '^pinbench: full.json: No such file' out || fail "-c full.json is a file here"
"$new" run --dry-run -c quik >out 2>&1
[ $? = 2 ] && grep -qx '  try: -c quick' out || fail "-c quik names the nearest job"
"$new" doctor >out 2>&1
! grep -q 'make bench\|configs/' out || fail "hints of an installed program name a source tree"
"$new" compare -h >out 2>&1 && grep -q '^Usage: pinbench compare' out || fail "compare -h"
mkdir tree && cd tree && git init -q . && cd .. || exit 1
touch good.image
(cd tree && JOB=none.json "$dir/usr/share/pinbench/docs/bisect.sh" ../good.image) >out 2>&1
[ $? = 128 ] && grep -qx 'bisect: none.json is not there' out || fail "the installed bisect.sh finds its program"
[ $bad -eq 0 ] && echo "ok - jobs by name, hints, documents and bisect.sh of an installed program"

[ $bad -eq 0 ] && echo "ok - make install"
exit $bad
