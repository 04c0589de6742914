#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab without QEMU and without kernel source: variants apply exactly once or not at all, a lost option is named,
# the list of kernels holds together, and vm refuses what it must.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
ok() { echo "ok - $*"; }
not_ok() { echo "not ok - $*"; bad=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: got \"$2\", not \"$3\""; fi; }

# A file shaped like the kernel's, of our own words: the same text inside and outside of the function.
tree=$dir/tree
mkdir -p "$tree"
source_write() { # LINE...: the body of target()
	{
		printf 'int other(int x)\n{\n\treturn find_me(x);\n}\n\nint target(int x);\n\nint target(int x)\n{\n'
		printf '\t%s\n' "$@"
		printf '}\n\nint last(int x)\n{\n\treturn find_me(x);\n}\n'
	} >"$tree/file.c"
}
variant() { # FIND LINES REPLACE(json)
	jq -n --arg find "$1" --argjson lines "$2" --argjson replace "$3" \
		'{about: "", edits: [{file: "file.c", function: "target", find: $find, lines: $lines, replace: $replace}]}' >"$dir/v.json"
}
edit() { lab/edit.sh "$dir/v.json" "$tree" >"$dir/out" 2>&1; }

source_write 'x++;' 'if (find_me(x))' '	x--;' 'return x;'
cp "$tree/file.c" "$dir/before.c"
ln "$tree/file.c" "$dir/linked.c"
variant 'find_me(' 2 '[]'
if edit; then ok "an edit that applies"; else not_ok "an edit that applies: $(cat "$dir/out")"; fi
same "two lines are gone, those of the function" "$(diff "$dir/before.c" "$tree/file.c")" \
	"$(printf '11,12d10\n< \tif (find_me(x))\n< \t\tx--;')"
same "a tree that shares the file by a hard link keeps it" "$(cmp "$dir/before.c" "$dir/linked.c")" ""
if edit; then not_ok "a second time must fail"; else ok "a second time fails"; fi
same "... saying where" "$(grep -c 'stands on 0 lines of target() in file.c' "$dir/out")" 1

source_write 'return find_me(x);'
variant 'find_me(' 1 '["\treturn \"\\\\&\\n\";"]'
edit || not_ok "a replacement: $(cat "$dir/out")"
same "a replacement is taken as it stands" "$(sed -n 10p "$tree/file.c")" "$(printf '\treturn "\\\\&\\n";')"

source_write 'find_me(x);' 'find_me(x);'
cp "$tree/file.c" "$dir/before.c"
if edit; then not_ok "two places must fail"; else ok "two places fail"; fi
same "... and leave the file alone" "$(cmp "$dir/before.c" "$tree/file.c"; ls "$tree")" file.c

# Fragments: every line is an option with a reason, a comment or empty; nothing may switch on what hides a result.
for file in lab/config/*.config; do
	nr_options=$((${nr_options:-0} + $(grep -c '^CONFIG_' "$file")))
	same "$file is made of options" \
		"$(grep -vE '^(CONFIG_[A-Z0-9a-z_]+=[^ ]+( +# .+)?|# .*|)$' "$file")" ""
done
same "there are fragments, and options in them" "$([ "${nr_options:-0}" -gt 0 ] && echo yes)" yes
same "no debugging of the VM in guests but where it is the point" \
	"$(grep -lE '^CONFIG_(DEBUG_VM|KASAN|PROVE_LOCKING)' lab/config/*.config)" lab/config/debug-vm.config
same "there are kernels in the list, and each has a fragment" "$(jq '(.kernels | length > 0) and all(.kernels[]; .config | length > 0)' lab/kernels.json)" true
same "every fragment and variant of the list is there" \
	"$(jq -r '.kernels[] | .arch as $arch | (.config[] | "lab/config/\(.).config lab/config/\(.)-\($arch).config"),
			(.variant // empty | "lab/variants/\(.).json")' lab/kernels.json |
		sort -u | while read -r one other; do [ -f "$one" ] || [ -f "${other:-none}" ] || echo "$one $other"; done)" ""
# Two fragments name the same option: the later one decides, at its place, and comments go.
printf 'CONFIG_A=y   # why\n# CONFIG_B is not set\nCONFIG_C="two words"\n' >"$dir/one.config"
printf '# a sentence\nCONFIG_B=y # why\n# CONFIG_A is not set  # why\n' >"$dir/two.config"
same "of two fragments the later one wins" \
	"$(sed -n '/^fragments() {/,/^}/p' lab/kernel.sh | { cat; echo "fragments $dir/one.config $dir/two.config"; } | bash)" \
	"$(printf 'CONFIG_C="two words"\nCONFIG_B=y\n# CONFIG_A is not set')"
same "the fragments like a distribution's say that they are made" "$(grep -L 'Made by lab/likeness.sh write' lab/config/debian-*.config)" ""
same "... of each name once" "$(for file in lab/config/debian-*.config; do sed -nE 's/^(# )?(CONFIG_[A-Za-z0-9_]+)[ =].*/\2/p' "$file" | sort | uniq -d; done)" ""
same "an unknown kernel" "$(lab/kernel.sh no-such 2>&1 | grep -c 'no kernel "no-such" in lab/kernels.json')" 1

# A tree of one's own. Only what git tracks is copied, and what is missing then is said, not left to "make allnoconfig".
if command -v git >/dev/null && command -v rsync >/dev/null; then
	own=$dir/own
	case $(uname -m) in x86_64) arch=x86 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
	mkdir -p "$own/arch/$arch" "$own"/{scripts/kconfig,init,kernel,mm,include/linux}
	for file in MAINTAINERS Kbuild Kconfig Makefile "arch/$arch/"{Makefile,Kconfig} scripts/Kbuild.include scripts/kconfig/Makefile init/Kconfig \
		kernel/Makefile mm/{Kconfig,Makefile,gup.c} include/linux/mm.h; do
		: >"$own/$file"
	done
	git -C "$own" init -q
	git -C "$own" add MAINTAINERS Makefile
	kernel() { PINBENCH_CACHE=$dir/cache HOME=$dir lab/kernel.sh --tree "$own" >"$dir/out" 2>&1; }
	if kernel; then not_ok "a tree of which two files are tracked must be refused"; else ok "a tree of which two files are tracked is refused"; fi
	same "... saying what is copied" "$(grep -c "only the 2 files that git tracks in $own are copied" "$dir/out")" 1
	same "... what is missing, and that it is there" "$(grep -c "there but not tracked: Kbuild Kconfig arch/$arch/Makefile .* mm/gup.c include/linux/mm.h$" "$dir/out")" 1
	same "... and not that make failed" "$(grep -c allnoconfig "$dir/out")" 0
	git -C "$own" add .
	: >"$own/mm/new.c"
	kernel # make fails here: nothing is in these files
	same "all tracked: a new file that is not is named" "$(grep -c 'not copied, because git does not track them (git add): mm/new.c' "$dir/out")" 1
	same "... and nothing is said to be missing" "$(grep -c 'no kernel is built without' "$dir/out")" 0
	rm -rf "$own/.git" "$own/init"
	kernel
	same "without git: what the tree lacks" "$(grep -c "not a whole kernel source tree: it lacks init/Kconfig$" "$dir/out")" 1
else
	ok "a tree of one's own # SKIP needs git and rsync (make deps)"
fi

# vm: told before anything is booted.
printf 'not a kernel' >"$dir/text"
refused() { # STATUS TEXT ARGUMENT...
	local wanted=$1 text=$2 status=0
	shift 2
	"$pinbench" vm "$@" >"$dir/out" 2>&1 </dev/null || status=$?
	if [ $status = "$wanted" ] && grep -qF -e "$text" "$dir/out"; then
		ok "vm $*: $text"
	else
		not_ok "vm $*: status $status, $(head -2 "$dir/out")"
	fi
}
refused 2 "no kernel: --kernel NAME=PATH" -- run
refused 2 "NAME=PATH" -k x -- run
refused 2 "two kernels are called \"a\"" -k a=x -k a=y -- run
refused 2 "kernel name \"../x\"" -k ../x=y -- run
refused 2 "nothing to run in the guest" -k "a=$dir/text"
refused 2 "is not a kernel image" -k "a=$dir/text" -- run
refused 2 "No such file or directory" -k "a=$dir/none,b" -- run
refused 2 "no kernel image in this build tree" -k "a=$dir" -- run
refused 2 "kernel v6.6.17: no such file here, and a path is meant" -k a=v6.6.17 -- run
refused 2 "--boots \"0\"" -k "a=$dir/text" --boots 0 -- run
refused 2 "--clock \"fast\"" -k "a=$dir/text" --clock fast -- run
refused 2 "not a key that a guest takes" -k "a=$dir/text" --append init=/bin/sh -- run
refused 2 "is given by the lab" -k "a=$dir/text" -- run --label x
exit $bad
