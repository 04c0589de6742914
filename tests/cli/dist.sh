#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make dist packs the same bytes twice; what it packs builds and installs with no git, no network and no package manager, and knows
# its version.
set -u
# shellcheck disable=SC2015,SC2016 # fail is for either; the script below expands by itself
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/cli/tap.bash

if [ ! -e .git ]; then
	echo "ok - make dist # SKIP this is no git tree"
	exit 0
fi
pack() { # UMASK NAME
	(umask "$1" && cp "$(SOURCE_DATE_EPOCH=1700000000 make --no-print-directory dist)" "$dir/$2")
}
pack 022 a.tar.gz && sleep 1 && pack 077 b.tar.gz && cmp "$dir/a.tar.gz" "$dir/b.tar.gz"
check "two archives are the same, whatever the umask and the hour" || exit 1
tar -tvzf "$dir/a.tar.gz" --utc --full-time | awk '$4 != "2023-11-14" || $5 != "22:13:20" || $2 != "0/0" { bad = 1 } END { exit bad || NR < 100 }'
check "every file has the time of SOURCE_DATE_EPOCH, and no user"

tar -C "$dir" -xzf "$dir/a.tar.gz" && cd "$dir"/pinbench-* || exit 1
# Whoever asks for git, a package or the network gets none.
mkdir "$dir/bin"
for tool in git sudo apt-get curl wget; do
	# shellcheck disable=SC2016 # what the tool prints is expanded by itself
	printf '#!/bin/sh\necho "$0 $*" >>%s/asked\nexit 1\n' "$dir" >"$dir/bin/$tool"
	chmod +x "$dir/bin/$tool"
done
PATH=$dir/bin:$PATH unshare -rn make --no-print-directory -j2 CFLAGS=-O0 install DESTDIR="$dir/root" PREFIX=/usr >"$dir/log" 2>&1 &&
	[ ! -e "$dir/asked" ]
check "the archive builds and installs without git and without a network" || tail -n 20 "$dir/log" | sed 's/^/# /'
version=$("$dir/root/usr/bin/pinbench" --version)
[ "pinbench-${version#pinbench }" = "$(basename "$PWD")" ] && [[ $version =~ ^pinbench\ [0-9]+\.[0-9]+\.[0-9]+ ]]
check "its version is that of the archive, and a number: $version"
rm .version && [ "$(PATH=$dir/bin:$PATH make -s -f - version <<<$'include Makefile\nversion: ; @echo $(VERSION)')" = 0.2.0 ]
check "without git and .version the version is 0.2.0"
exit $bad
