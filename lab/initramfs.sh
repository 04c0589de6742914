#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/initramfs.sh ARCH OUTPUT PROGRAM...
#
# Writes the guest: busybox, the PROGRAMs with the shared libraries they need, and lab/init. Not compressed:
# unpacking would cost the guest more time than QEMU needs to copy a few megabytes.
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || die "usage: lab/initramfs.sh ARCH OUTPUT PROGRAM..."
arch=$1 output=$2
shift 2
need cpio
need readelf
sysroot=$("$LAB/sysroot.sh" "$arch")
triplet=$(arch_triplet "$arch")
libs=$sysroot
[ "$arch" != "$(arch_native)" ] || libs=

tree=$(mktemp -d)
trap 'rm -rf "$tree" "$output.new"' EXIT
mkdir -p "$tree"/{bin,etc,lib,proc,sys,dev,run,tmp,lab/out,usr,sbin}
ln -s lib "$tree/lib64"
install -m 755 "$sysroot/bin/busybox" "$tree/bin/busybox"
install -m 755 "$LAB/init" "$tree/init"

# Every library is found by its name in the places where this architecture keeps them.
library_path() {
	local dir
	for dir in /lib/"$triplet" /usr/lib/"$triplet" /lib64 /usr/lib64 /lib /usr/lib; do
		[ ! -f "$libs$dir/$1" ] || { echo "$libs$dir/$1"; return; }
	done
	die "$program needs $1, which is not in the library directories below ${libs:-/}"
}

add_needed() {
	local name path
	for name in $(readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[ ! -e "$tree/lib/$name" ] || continue
		path=$(library_path "$name")
		install -m 755 "$path" "$tree/lib/$name"
		add_needed "$path"
	done
}

for program; do
	install -m 755 --strip --strip-program="$(arch_cross "$arch")strip" "$program" "$tree/bin/"
	loader=$(readelf -lW "$program" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
	if [ -n "$loader" ] && [ ! -e "$tree/lib/$(basename "$loader")" ]; then
		install -m 755 "$(library_path "$(basename "$loader")")" "$tree/lib/"
	fi
	add_needed "$program"
done
chmod -R u+rwX,go+rX "$tree"

(cd "$tree" && find . -mindepth 1 | sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$output.new"
mv "$output.new" "$output"
