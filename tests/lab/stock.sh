#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The distribution's own kernels, as they come: of each release and architecture one boots, measures what it can and its
# result arrives, over virtio-console where it is built in and over the serial line where it is a module (6.1 for x86_64).
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

job=(run -c configs/quick.json -p "layout=base" -p "pinner=process_vm/readv" -p "state=exclusive-ro" -p "window=head,0+64K" -p timeout_s=60 -p samples=3)
for arch in x86_64 arm64; do
	make -s ARCH=$arch guest >"$dir/make" 2>&1 || give_up "a guest of $arch: $(tail -3 "$dir/make")"
	for release in 6.1 6.12; do
		stock=$(lab/stock.sh $release $arch) || give_up "Debian's kernel $release for $arch"
		boot --boots 1 -k "$release-$arch=$stock/image" -- "${job[@]}"
		file=$(file_of "$release-$arch")
		same "$release $arch: status" "$status" 0
		[ -f "$file" ] || { not_ok "$release $arch: no result: $(tail -3 "$dir/err")"; continue; }
		all_done "$release $arch" "$file"
		holds "$release $arch: it is that release" jq -e ".environment.kernel.release | startswith(\"$release.\")" "$file"
		holds "$release $arch: it was measured" jq -e '[.results[].runs[0].samples | (.cycle // .pin)[]] | length > 0 and min > 0' "$file"
	done
done

# What would be found out in vain after a boot.
boot -k "one=$(lab/stock.sh 6.12 x86_64)/image" -k "other=$(lab/stock.sh 6.12 arm64)/image" -- "${job[@]}"
same "two architectures: status" "$status" 2
holds "two architectures: said before anything is booted" grep -q 'kernel "one" (.*) is of x86_64, "other" (.*) of arm64' "$dir/err"
exit $bad
