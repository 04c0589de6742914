#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/kernel.sh NAME...                 kernels of lab/kernels.json
#        lab/kernel.sh --tree DIR [--patch FILE] [--config FILE]   your own, for this machine's architecture; with a
#                                                                  patch two, without and with it
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

# FRAGMENT-FILE...: plain configuration text, comments gone; of a name that stands in several, what the last one says.
fragments() {
	sed -nE 's/^(CONFIG_[A-Za-z0-9_]+=("[^"]*"|[^ ]*)).*/\1/p; s/^(# CONFIG_[A-Za-z0-9_]+ is not set).*/\1/p' "$@" |
		awk '{ name = $1 == "#" ? $2 : $1; sub(/=.*/, "", name); lines[name] = $0; order[name] = NR }
			END { for (name in lines) print order[name], lines[name] }' | sort -n | cut -d' ' -f2-
}

# ARCH NAME...: the files of these names of lab/config, one a line. Each is for all architectures, for this one, or both.
config_files() {
	local arch=$1 name file any
	shift
	for name; do
		any=
		for file in "$LAB/config/$name.config" "$LAB/config/$name-$arch.config"; do
			[ -f "$file" ] || continue
			echo "$file"
			any=1
		done
		[ -n "$any" ] || die "lab/config has neither $name.config nor $name-$arch.config" \
			"one of: $(cd "$LAB/config" && echo *.config)"
	done
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

# ARCH SOURCE OUTPUT WANTED STRICT: the configuration, from nothing but what is wanted.
configure() {
	mkdir -p "$3"
	kmake "$1" "$2" "$3" -s KCONFIG_ALLCONFIG="$4" allnoconfig >"$3/build.log" 2>&1 ||
		{ tail -15 "$3/build.log" >&2; die "make allnoconfig failed in $2"; }
	config_check "$5" "$3/.config" "$4"
}

# ARCH SOURCE OUTPUT LABEL [STEPS-FILE]: build what is configured; the file remembers about how many steps that took.
compile() {
	local arch=$1 source=$2 output=$3 label=$4 file=${5:-$CACHE/steps-$1} steps
	steps=$(cat "$file" 2>/dev/null || echo 1300)
	: >"$output/build.log"
	kmake "$arch" "$source" "$output" -j"$(nproc)" "$(make_of "$arch")" 2>&1 | tee -a "$output/build.log" |
		grep -E --line-buffered '^  [A-Z]' | progress "building $label" "$steps" || {
		grep -vE '^  [A-Z]' "$output/build.log" | tail -15 >&2
		die "$label: the build failed; the whole log is $output/build.log"
	}
	grep -cE '^  [A-Z]' "$output/build.log" >"$file" || true
}

# SOURCE COPY: the same tree without taking the room twice; a file that is edited must be replaced, not written to.
link_tree() {
	rm -rf "$2"
	mkdir -p "$(dirname "$2")"
	cp -rl "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -r --reflink=auto "$1" "$2"; }
}

compiler() { "$(arch_cross "$1")gcc" --version | head -1; }

# What a kernel says of its configuration (CONFIG_BUILD_SALT, which goes into no code): whose likeness, and what was added.
salt() { echo "CONFIG_BUILD_SALT=\"pinbench:$*\""; }

# OUTPUT PLACE NAME SOURCE-ID VARIANT ARCH: puts what was built into the cache.
kernel_keep() {
	rm -rf "$2.new" && mkdir -p "$2.new"
	cp "$1/$(image_of "$6")" "$2.new/image"
	cp "$1/.config" "$2.new/config"
	cp "$1/System.map" "$2.new/System.map"
	jq -n --arg name "$3" --arg source "$4" --arg variant "$5" --arg compiler "$(compiler "$6")" \
		'{$name, $source, $variant, $compiler}' >"$2.new/made-of.json"
	rm -rf "$2" && mv "$2.new" "$2"
}

# The source files of a variant, as they were: hard links to the pristine ones, with their old dates.
variant_undo() { # OBJECTS PRISTINE
	local file
	[ -f "$1/edited" ] || return 0
	while read -r file; do
		ln -f "$2/$file" "$1/tree/$file"
	done <"$1/edited"
	rm -f "$1/edited"
}

# OBJECTS PRISTINE VARIANT-FILE OUTPUT: edits the tree. A changed header has make compile almost everything again. Where
# the edit keeps the header's number of lines, and no other header mentions the function, the other objects would come
# out as they are: the header keeps its date, and only the objects of those that mention the function go.
variant_apply() {
	local objects=$1 pristine=$2 variant=$3 output=$4 file name users
	jq -r '.edits[].file' "$variant" | sort -u >"$objects/edited"
	"$LAB/edit.sh" "$variant" "$objects/tree"
	while IFS=$'\t' read -r file name; do
		case $file in *.h) ;; *) continue ;; esac
		[ "$(wc -l <"$pristine/$file")" = "$(wc -l <"$objects/tree/$file")" ] || continue
		users=$(cd "$pristine" && grep -rlE "^[^*/]*\<$name *\(" --include='*.[chS]' . | sed 's|^\./||')
		[ "$(grep '\.h$' <<<"$users")" = "$file" ] || continue
		touch -r "$pristine/$file" "$objects/tree/$file"
		grep -v '\.h$' <<<"$users" | sed 's/\.[cS]$/.o/' | (cd "$output" && xargs rm -f)
	done < <(jq -r '.edits[] | [.file, .function] | @tsv' "$variant")
}

kernel_from_list() {
	local name=$1 entry source arch variant id wanted base_key key place objects tree label
	entry=$(jq -e --arg name "$name" '.kernels[$name]' "$LAB/kernels.json") ||
		die "no kernel \"$name\" in lab/kernels.json" "one of: $(jq -r '.kernels | keys | join(", ")' "$LAB/kernels.json")"
	source=$(jq -r .source <<<"$entry") arch=$(jq -r .arch <<<"$entry") variant=$(jq -r '.variant // ""' <<<"$entry")
	need "$(arch_cross "$arch")gcc"
	need rsync
	mapfile -t names < <(jq -r '.config[]' <<<"$entry")
	files=$(config_files "$arch" guest pinning lab "${names[@]}")
	mapfile -t files <<<"$files"
	wanted=$(mktemp)
	{ fragments "${files[@]}"; salt "${names[@]}"; } >"$wanted"
	id=$(source_id "$source")
	base_key=$({ echo "$id $arch $(compiler "$arch")"; sort "$wanted"; } | sha256sum | cut -c1-16)
	key=$base_key
	[ -z "$variant" ] || key=$({ echo "$base_key"; cat "$LAB/variants/$variant.json"; } | sha256sum | cut -c1-16)
	place=$CACHE/kernels/$key
	[ -e "$place/image" ] || build_lock
	if [ ! -e "$place/image" ]; then
		tree=$(package_source "$source")
		objects=$CACHE/objects/$base_key
		label="$name ($id)"
		# Objects are made once, from the source as it is, and kept; a variant begins with a copy of them, at the place where
		# they were made: paths are part of what make compares.
		if [ ! -e "$objects/.complete" ]; then
			# What was interrupted goes on.
			if [ ! -e "$objects/.configured" ]; then
				rm -rf "$objects"
				link_tree "$tree" "$objects/tree"
				configure "$arch" "$objects/tree" "$objects/out" "$wanted" strict
				touch "$objects/.configured"
			fi
			compile "$arch" "$objects/tree" "$objects/out" "${label/#$name/$name${variant:+, without its variant}}"
			kernel_keep "$objects/out" "$CACHE/kernels/$base_key" "$name" "$id" '' "$arch"
			touch "$objects/.complete"
		fi
		[ -d "$objects/base" ] || mv "$objects/out" "$objects/base"
		variant_undo "$objects" "$tree"
		if [ ! -e "$place/image" ] && [ -n "$variant" ]; then
			rsync -a --delete "$objects/base/" "$objects/out/"
			variant_apply "$objects" "$tree" "$LAB/variants/$variant.json" "$objects/out"
			compile "$arch" "$objects/tree" "$objects/out" "$label" "$objects/steps-$variant"
			kernel_keep "$objects/out" "$place" "$name" "$id" "$variant" "$arch"
			variant_undo "$objects" "$tree"
			rm -rf "$objects/out"
		elif [ ! -e "$place/image" ]; then
			kernel_keep "$objects/base" "$place" "$name" "$id" '' "$arch"
		fi
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

# The release whose likeness fits: the newest of lab/config that is not newer than this source, or the oldest.
likeness_for() { # TREE ARCH
	local version release best=
	version=$(sed -nE 's/^(VERSION|PATCHLEVEL) *= *([0-9]+).*/\2/p' "$1/Makefile" | head -2 | paste -sd.)
	while read -r release; do
		[ -n "$best" ] && [ "$(printf '%s\n' "$release" "$version" | sort -V | tail -1)" != "$version" ] || best=$release
	done < <(cd "$LAB/config" && for file in debian-*-"$2".config; do file=${file#debian-}; echo "${file%-"$2".config}"; done | sort -V)
	echo "debian-$best"
}

# Checks that cost far more than what they check: a measurement with them would be one of them.
DEBUG_OPTIONS="KASAN KCSAN KMSAN KCOV UBSAN PROVE_LOCKING LOCKDEP DEBUG_LOCK_ALLOC LOCK_STAT DEBUG_SPINLOCK DEBUG_MUTEXES DEBUG_RWSEMS
	DEBUG_ATOMIC_SLEEP DEBUG_VM DEBUG_VM_PGFLAGS DEBUG_PAGEALLOC PAGE_POISONING PAGE_OWNER DEBUG_KMEMLEAK DEBUG_OBJECTS GCOV_KERNEL"

# A configuration of your own, plus what the guest needs. No module is ever loaded there, so that none is built.
configure_own() { # ARCH SOURCE OUTPUT CONFIG NAMED
	local arch=$1 source=$2 output=$3 config=$4 named=$5 option off='' files
	mkdir -p "$output"
	files=$(config_files "$arch" guest pinning)
	mapfile -t files <<<"$files"
	sed -E 's/^(CONFIG_[A-Za-z0-9_]+)=m$/# \1 is not set/' "$config" >"$output.own"
	if [ "$named" = no ]; then
		for option in $DEBUG_OPTIONS; do
			! grep -q "^CONFIG_$option=y" "$config" || { off+=" $option"; echo "# CONFIG_$option is not set" >>"$output.own"; }
		done
		[ -z "$off" ] || say "switched off, because it would be measured instead of the kernel (KCONFIG=$config keeps it):$off"
	fi
	# Files of whoever built the distribution's, and what takes half of a build and changes no code.
	printf '%s\n' 'CONFIG_SYSTEM_TRUSTED_KEYS=""' 'CONFIG_SYSTEM_REVOCATION_KEYS=""' '# CONFIG_DEBUG_INFO_BTF is not set' >>"$output.own"
	salt "own${off:+ without$off}" >>"$output.own"
	fragments "${files[@]}" >"$output.needs"
	fragments "$output.own" "$output.needs" >"$output.wanted"
	cp "$output.wanted" "$output/.config"
	kmake "$arch" "$source" "$output" -s olddefconfig >"$output/build.log" 2>&1 ||
		{ tail -15 "$output/build.log" >&2; die "make olddefconfig failed with $config"; }
	config_check lenient "$output/.config" "$output.needs"
}

config_of_arch() { # CONFIG ARCH
	case $2 in x86_64) grep -q '^CONFIG_X86_64=y' "$1" ;; arm64) grep -q '^CONFIG_ARM64=y' "$1" ;; esac
}

# Undoes what the last call's patch did beyond changing files: those that it made.
patch_undo() { # COPY
	[ -f "$1.patch" ] || return 0
	awk '/^--- \/dev\/null/ { made = 1; next } /^\+\+\+ / && made { sub(/^[^\/]*\//, "", $2); print $2 } { made = 0 }' "$1.patch" |
		(cd "$1" && xargs -r -d '\n' rm -f)
	rm -f "$1.patch"
}

# The tree lies at one place, and so do the objects, because paths are part of what make compares: the patched kernel
# starts with the objects of the other, which are kept beside it.
kernel_from_tree() {
	local tree patch=$2 config=$3 arch key place copy named=yes like
	tree=$(realpath -e "$1") || die "$1 is not there" "BASE=the directory of your kernel source"
	[ -f "$tree/MAINTAINERS" ] || die "$1 is not a kernel source tree" "BASE=the directory that has MAINTAINERS"
	[ -z "$patch" ] || [ -f "$patch" ] || die "$patch is not there" "PATCH=the file that git format-patch made"
	[ -z "$config" ] || [ -f "$config" ] || die "$config is not there" "KCONFIG=a .config of this kernel"
	need rsync
	build_lock
	arch=$(arch_native)
	key=$(printf '%s' "$tree" | sha256sum | cut -c1-12)
	place=$CACHE/trees/$key copy=$CACHE/trees/$key/tree
	say "copying $tree (your tree is not changed)"
	mkdir -p "$place"
	patch_undo "$copy"
	tree_copy "$tree" "$copy"
	tree_check "$tree" "$copy" "$arch"
	rm -f "$copy/.config"
	if [ -n "$patch" ]; then
		patch -d "$copy" -p1 -s -f --dry-run <"$patch" >&2 || die "$patch does not apply to $tree" "rebase it on this tree"
	fi
	if [ -z "$config" ] && [ -f "$tree/.config" ]; then
		if config_of_arch "$tree/.config" "$arch"; then
			config=$tree/.config named=no
			say "configured as $config says"
		else
			say "$tree/.config is not for $arch, and not used"
		fi
	elif [ -n "$config" ] && ! config_of_arch "$config" "$arch"; then
		die "$config is not a configuration of $arch: it has no CONFIG_$(case $arch in x86_64) echo X86_64 ;; *) echo ARM64 ;; esac)=y" \
			"KCONFIG=the .config of a kernel for this machine"
	fi
	# What was built last, without a patch.
	[ ! -d "$place/base" ] || rsync -a --delete "$place/base/" "$place/out/"
	if [ -n "$config" ]; then
		configure_own "$arch" "$copy" "$place/out" "$config" $named
	else
		like=$(likeness_for "$copy" "$arch")
		say "configured like $like (a .config in the tree, or KCONFIG=FILE, would be yours)"
		mapfile -t files < <(config_files "$arch" guest pinning lab "$like")
		{ fragments "${files[@]}"; salt "$like"; } >"$place/wanted"
		configure "$arch" "$copy" "$place/out" "$place/wanted" lenient
	fi
	compile "$arch" "$copy" "$place/out" "$tree" "$place/steps"
	rsync -a --delete "$place/out/" "$place/base/"
	echo "$place/base/$(image_of "$arch")"
	[ -n "$patch" ] || return 0
	cp "$patch" "$copy.patch"
	patch -d "$copy" -p1 -s -f --no-backup-if-mismatch -r - <"$patch" >&2
	compile "$arch" "$copy" "$place/out" "$tree with $(basename "$patch")" "$place/steps-patched"
	echo "$place/out/$(image_of "$arch")"
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
