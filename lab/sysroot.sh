#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/sysroot.sh ARCH      prints the directory with what a guest of ARCH is made of
#
# Debian packages unpacked into the cache (lib.sh: apt_private_init).
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

arch=${1:?usage: lab/sysroot.sh ARCH}
packages=(busybox-static)
# The machine's own libraries come from the machine; a foreign program needs its own.
[ "$arch" = "$(arch_native)" ] ||
	packages+=(libc6-dev libjansson-dev libhwloc-dev libnuma-dev liburing-dev zlib1g-dev libmd-dev libsqlite3-dev)

key=$(printf '%s\n' "$arch" "${packages[@]}" "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" |
	sha256sum | cut -c1-12)
root=$CACHE/sysroot/$arch-$key
if [ ! -e "$root/.complete" ]; then
	command -v apt-get >/dev/null ||
		die "foreign packages are unpacked with apt, which is not here" \
		    "run the lab on Debian or Ubuntu, or use make bench LAB=0"
	need dpkg-deb
	mkdir -p "$CACHE/sysroot"
	exec 9>"$CACHE/sysroot/lock"
	flock 9
fi
if [ ! -e "$root/.complete" ]; then
	say "fetching ${packages[*]} for $arch into $root"
	apt=$(mktemp -d "$CACHE/sysroot/apt.XXXXXX")
	trap 'rm -rf "$apt"' EXIT
	apt_private_init "$arch" "$apt"
	apt_private install -y --no-install-recommends --download-only "${packages[@]}" || {
		tail -5 "$apt/log" >&2
		die "cannot fetch the packages of a guest for $arch" \
		    "check that apt-get update works and that your mirror carries $(arch_debian "$arch")"
	}
	rm -rf "$root"
	mkdir -p "$root"
	for package in "$apt"/cache/archives/*.deb; do
		dpkg-deb -x "$package" "$root"
	done
	touch "$root/.complete"
fi
echo "$root"
