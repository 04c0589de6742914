#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/stock.sh RELEASE ARCH     the distribution's own kernel: prints a directory with image and config
#
# RELEASE: 6.12: of the version of linux-source-6.12 if that is installed, else the newest. Unpacked into the cache,
# never installed.
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

release=${1:?usage: lab/stock.sh RELEASE ARCH} arch=${2:?usage: lab/stock.sh RELEASE ARCH}
# The version of the source that the lab builds, where that is installed.
version=$(dpkg-query -W -f '${Version}' "linux-source-$release" 2>/dev/null || true)
place=$CACHE/stock/$release-$arch-${version:-newest}
if [ ! -e "$place/.complete" ]; then
	command -v apt-get >/dev/null || die "the distribution's kernel is fetched with apt, which is not here"
	need dpkg-deb
	mkdir -p "$CACHE/stock"
	exec 9>"$CACHE/stock/lock"
	flock 9
fi
if [ ! -e "$place/.complete" ]; then
	say "fetching Debian's kernel $release for $arch"
	apt=$(mktemp -d "$CACHE/stock/apt.XXXXXX")
	trap 'rm -rf "$apt"' EXIT
	apt_private_init "$arch" "$apt"
	deb=$(arch_debian "$arch")
	# Version of Debian, name of the package; of this source if it is there, else the newest.
	packages=$(apt-cache "${APT_OPTIONS[@]}" show "^linux-image-${release//./\\.}[.0-9].*-cloud-$deb\$" 2>/dev/null |
		awk '/^Package:/ { name = $2 } /^Version:/ { print $2, name }' | sort -V)
	package=$(awk -v version="$version" '$1 == version { print $2 }' <<<"$packages" | tail -1)
	[ -n "$package" ] || package=$(tail -1 <<<"$packages" | cut -d' ' -f2)
	[ -n "$package" ] || die "no cloud image of $release for $arch in the package lists" "check that apt-get update works"
	(cd "$apt" && apt_private download "$package") || { tail -5 "$apt/log" >&2; die "cannot fetch $package"; }
	rm -rf "$place"
	mkdir -p "$place"
	dpkg-deb --fsys-tarfile "$apt/$package"_*.deb | tar -C "$place" --wildcards -x './boot/vmlinuz-*' './boot/config-*'
	mv "$place"/boot/vmlinuz-* "$place/image"
	mv "$place"/boot/config-* "$place/config"
	rmdir "$place/boot"
	echo "$package" >"$place/.complete"
fi
echo "$place"
