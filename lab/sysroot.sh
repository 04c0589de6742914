#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/sysroot.sh ARCH      prints the directory with what a guest of ARCH is made of
#
# Debian packages unpacked into the cache by a private apt configuration: the sources (and mirrors and
# keys) are the host's, its list of architectures and of installed packages stays untouched, and no root is needed.
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
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	deb=$(arch_debian "$arch")
	apt_private() {
		apt-get -q -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" \
			-o Dir::Cache="$apt/cache" -o APT::Architecture="$deb" -o APT::Architectures="$deb" \
			-o APT::Sandbox::User="" -o APT::Get::List-Cleanup=false \
			-o Acquire::Languages=none "$@" >>"$apt/log" 2>&1
	}
	# A third party's list that is out of reach does not matter as long as the packages are found.
	apt_private update || true
	apt_private install -y --no-install-recommends --download-only "${packages[@]}" || {
		tail -5 "$apt/log" >&2
		die "cannot fetch the packages of a guest for $arch" \
		    "check that apt-get update works and that your mirror carries $deb"
	}
	rm -rf "$root"
	mkdir -p "$root"
	for package in "$apt"/cache/archives/*.deb; do
		dpkg-deb -x "$package" "$root"
	done
	touch "$root/.complete"
fi
echo "$root"
