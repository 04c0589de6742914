#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/kernel.sh NAME...                 kernels of lab/kernels.json
#        lab/kernel.sh --tree DIR [--patch FILE] [--config FILE]   your own, for this machine's architecture
#
# Builds what is not in the cache yet and prints the path of each image. A kernel's place in the cache is a hash of
# everything it is made of: source, configuration, variant, compiler. No source is ever changed: variants and
# patches are applied to copies, and what make produces goes elsewhere.
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

image_of() { case $1 in x86_64) echo arch/x86/boot/bzImage ;; arm64) echo arch/arm64/boot/Image ;; esac; }
make_of() { case $1 in x86_64) echo bzImage ;; arm64) echo Image ;; esac; }
# What make calls the architecture.
kbuild_arch() { case $1 in x86_64) echo x86 ;; *) echo "$1" ;; esac; }

kmake() { # ARCH SOURCE OUTPUT [ARGUMENT...]
	# No KBUILD_* or MAKEFLAGS of a caller: the same inputs have to give the same kernel.
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		make -C "$2" O="$3" ARCH="$(kbuild_arch "$1")" CROSS_COMPILE="$(arch_cross "$1")" \
		KBUILD_BUILD_USER=pinbench KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP=@0 "${@:4}"
}

# What tells one state of a source from another: a package's version, a tree's commit and changes.
source_id() {
	case $1 in
	/*) git -C "$1" rev-parse HEAD >/dev/null 2>&1 || die "$1 is not a git tree" "lab/kernel.sh --tree $1"
	    echo "$1 $(git -C "$1" rev-parse HEAD) $(git -C "$1" diff HEAD | sha256sum | cut -c1-16)" ;;
	*) echo "$1-$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null || true)" ;;
	esac
}

# One directory of pristine source per package version; a tree as it is.
package_source() {
	local package=$1 version archive dir
	case $package in /*) echo "$package"; return ;; esac
	version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null || true)
	[ -n "$version" ] || die "$package is not installed" "make deps"
	archive=/usr/src/$package.tar.xz
	[ -f "$archive" ] || die "$archive is missing although $package is installed" "sudo apt-get install --reinstall $package"
	dir=$CACHE/src/$package-$version
	if [ ! -e "$dir/.complete" ]; then
		say "unpacking $package $version"
		rm -rf "$dir"
		mkdir -p "$dir"
		tar -C "$dir" --strip-components=1 -xf "$archive"
		touch "$dir/.complete"
	fi
	echo "$dir"
}

fragments() { # FRAGMENT-FILE...: plain configuration text, comments gone
	sed -nE 's/^(CONFIG_[A-Za-z0-9_]+=[^ ]*).*/\1/p; s/^(# CONFIG_[A-Za-z0-9_]+ is not set)$/\1/p' "$@"
}

# Kconfig drops what it does not know or what lacks a dependency, without a word. strict: that is an error.
config_check() { # STRICT CONFIG WANTED
	local line name lost=
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$2" || lost+=" $line" ;;
		*) name=${line#\# }; name=${name% is not set}
		   ! grep -q "^$name=[ym]" "$2" || lost+=" $name=n" ;;
		esac
	done <"$3"
	[ -n "$lost" ] || return 0
	[ "$1" = strict ] || { say "this kernel does not take:$lost"; return 0; }
	die "the configuration lost:$lost" \
	    "an option was renamed or lacks a dependency: see lab/config and Kconfig of this source"
}

# One build at a time: two would only slow each other, and may be of the same kernel.
build_lock() {
	exec 9>"$CACHE/build.lock"
	flock -n 9 || { say "waiting for another build"; flock 9; }
}

# ARCH SOURCE OUTPUT WANTED STRICT LABEL: configure and build.
build() {
	local arch=$1 source=$2 output=$3 wanted=$4 strict=$5 label=$6
	mkdir -p "$output"
	kmake "$arch" "$source" "$output" -s KCONFIG_ALLCONFIG="$wanted" allnoconfig >"$output/build.log" 2>&1 ||
		{ tail -15 "$output/build.log" >&2; die "$label: make allnoconfig failed"; }
	config_check "$strict" "$output/.config" "$wanted"
	# About how many steps it takes, from the last build of this kind.
	local steps
	steps=$(cat "$CACHE/steps-$arch" 2>/dev/null || echo 1300)
	kmake "$arch" "$source" "$output" -j"$(nproc)" "$(make_of "$arch")" 2>&1 | tee -a "$output/build.log" |
		grep -E --line-buffered '^  [A-Z]' | progress "building $label" "$steps" || {
		grep -vE '^  [A-Z]' "$output/build.log" | tail -15 >&2
		die "$label: the build failed; the whole log is $output/build.log"
	}
	grep -cE '^  [A-Z]' "$output/build.log" >"$CACHE/steps-$arch" || true
}

# SOURCE COPY: the same tree without taking the room twice; a file that is edited must be replaced, not written to.
link_tree() {
	rm -rf "$2"
	mkdir -p "$(dirname "$2")"
	cp -rl "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -r --reflink=auto "$1" "$2"; }
}

compiler() { "$(arch_cross "$1")gcc" --version | head -1; }

kernel_from_list() {
	local name=$1 entry source arch variant id wanted key place tree label
	entry=$(jq -e --arg name "$name" '.kernels[$name]' "$LAB/kernels.json") ||
		die "no kernel \"$name\" in lab/kernels.json" "one of: $(jq -r '.kernels | keys | join(", ")' "$LAB/kernels.json")"
	source=$(jq -r .source <<<"$entry") arch=$(jq -r .arch <<<"$entry") variant=$(jq -r '.variant // ""' <<<"$entry")
	need "$(arch_cross "$arch")gcc"
	wanted=$(mktemp)
	mapfile -t files < <(jq -r '.config[]' <<<"$entry" | sed "s|.*|$LAB/config/&.config|")
	fragments "${files[@]}" >"$wanted"
	id=$(source_id "$source")
	key=$({ echo "$id $arch $(compiler "$arch")"; cat "$wanted"; [ -z "$variant" ] || cat "$LAB/variants/$variant.json"; } |
		sha256sum | cut -c1-16)
	place=$CACHE/kernels/$key
	[ -e "$place/image" ] || build_lock
	if [ ! -e "$place/image" ]; then
		tree=$(package_source "$source")
		label="$name ($id)"
		work=$CACHE/building/$key
		rm -rf "$work"
		mkdir -p "$work"
		if [ -n "$variant" ]; then
			link_tree "$tree" "$work/tree"
			tree=$work/tree
			"$LAB/edit.sh" "$LAB/variants/$variant.json" "$tree"
		fi
		build "$arch" "$tree" "$work/out" "$wanted" strict "$label"
		rm -rf "$place.new" && mkdir -p "$place.new"
		cp "$work/out/$(image_of "$arch")" "$place.new/image"
		cp "$work/out/.config" "$place.new/config"
		cp "$work/out/System.map" "$place.new/System.map"
		jq -n --arg name "$name" --arg source "$id" --arg variant "$variant" --arg compiler "$(compiler "$arch")" \
			'{$name, $source, $variant, $compiler}' >"$place.new/made-of.json"
		rm -rf "$place" && mv "$place.new" "$place"
		rm -rf "$work"
	fi
	rm -f "$wanted"
	echo "$place/image"
}

# The files that belong to a tree, as they are now: with changes not committed, without what a build left there.
tree_copy() { # TREE COPY
	mkdir -p "$2"
	rm -f "$2.files"
	if git -C "$1" rev-parse --show-toplevel >/dev/null 2>&1 && [ "$(git -C "$1" rev-parse --show-prefix)" = "" ]; then
		git -C "$1" ls-files -z >"$2.files"
		rsync -a --delete-missing-args --files-from="$2.files" --from0 "$1/" "$2/"
	else
		rsync -a --delete --exclude='*.o' --exclude='*.cmd' --exclude='*.a' --exclude='/vmlinux*' --exclude=/.config \
			--exclude=/include/config --exclude=/include/generated --exclude='/arch/*/include/generated' "$1/" "$2/"
	fi
}

# TREE COPY ARCH: what no kernel is built without is there; else "make allnoconfig" would fail and say little.
tree_check() {
	local arch file lost='' nowhere='' others
	arch=arch/$(kbuild_arch "$3")
	for file in Makefile Kbuild Kconfig "$arch/Makefile" "$arch/Kconfig" scripts/Kbuild.include scripts/kconfig/Makefile \
		init/Kconfig kernel/Makefile mm/Kconfig mm/Makefile mm/gup.c include/linux/mm.h; do
		[ -e "$2/$file" ] && continue
		if [ -e "$1/$file" ]; then lost+=" $file"; else nowhere+=" $file"; fi
	done
	if [ -n "$lost" ]; then
		die "only the $(tr -cd '\0' <"$2.files" | wc -c) files that git tracks in $1 are copied, and no kernel is built without these, which are there but not tracked:$lost${nowhere:+; and these are not there at all:$nowhere}" \
			"git -C $1 add them, or give a copy of the tree without its .git"
	fi
	[ -z "$nowhere" ] || die "$1 is not a whole kernel source tree: it lacks$nowhere" "BASE=a tree with all of its files"
	[ -f "$2.files" ] || return 0
	others=$(git -C "$1" ls-files --others --exclude-standard -- '*.[chS]' '*Kconfig*' '*Makefile' '*Kbuild' | sed -n 1,5p | tr '\n' ' ')
	[ -z "$others" ] || say "not copied, because git does not track them (git add): $others"
}

kernel_from_tree() {
	local tree patch=$2 config=$3 arch key copy output wanted
	tree=$(realpath -e "$1") || die "$1 is not there" "BASE=the directory of your kernel source"
	[ -f "$tree/MAINTAINERS" ] || die "$1 is not a kernel source tree" "BASE=the directory that has MAINTAINERS"
	[ -z "$patch" ] || [ -f "$patch" ] || die "$patch is not there" "PATCH=the file that git format-patch made"
	need rsync
	build_lock
	arch=$(arch_native)
	key=$(printf '%s' "$tree" | sha256sum | cut -c1-12)
	copy=$CACHE/trees/$key/$([ -n "$patch" ] && echo patched || echo base)
	output=$copy.out
	wanted=$copy.config
	say "copying $tree (your tree is not changed)"
	tree_copy "$tree" "$copy"
	tree_check "$tree" "$copy" "$arch"
	if [ -n "$patch" ]; then
		patch -d "$copy" -p1 -s -f --no-backup-if-mismatch -r - <"$patch" >&2 ||
			die "$patch does not apply to $tree" "rebase it on this tree"
	fi
	if [ -n "$config" ]; then
		cp "$config" "$wanted"
	else
		fragments "$LAB/config/base.config" "$LAB/config/$arch.config" "$LAB/config/pinning.config" >"$wanted"
	fi
	build "$arch" "$copy" "$output" "$wanted" lenient "$tree${patch:+ with $(basename "$patch")}"
	echo "$output/$(image_of "$arch")"
}

[ $# -ge 1 ] || die "usage: lab/kernel.sh NAME... | --tree DIR [--patch FILE] [--config FILE]"
need jq
need make
mkdir -p "$CACHE"
if [ "$1" = --tree ]; then
	tree=${2:?--tree DIR} patch='' config=''
	shift 2
	while [ $# -ge 2 ]; do
		case $1 in
		--patch) patch=$2 ;;
		--config) config=$2 ;;
		*) die "unknown option $1" ;;
		esac
		shift 2
	done
	kernel_from_tree "$tree" "$patch" "$config"
else
	for name; do
		kernel_from_list "$name"
	done
fi
