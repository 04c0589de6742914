#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/likeness.sh write RELEASE ARCH      writes lab/config/debian-RELEASE-ARCH.config from lab/config/like.list
#                                                and the distribution's own configuration
#        lab/likeness.sh check KERNEL [RESULT]   what differs between a kernel of lab/kernels.json and the distribution's:
#                                                options, compiler and the code of hot functions; 1 if any of it is not
#                                                explained in lab/config/unlike.list. No boot. RESULT: a file of
#                                                "vm --clock icount", whose functions weigh; else lab/config/hot-ARCH.list
#        lab/likeness.sh hot ARCH RESULT         writes lab/config/hot-ARCH.list
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

LIST=$LAB/config/like.list

# The value of one name in a configuration: "y", "m", "512", "n" (not set); empty: this release has no such name here.
value_of() { # NAME CONFIG
	sed -nE "s/^CONFIG_$1=(.*)/\1/p; s/^# CONFIG_$1 is not set\$/n/p" "$2" | head -1
}

line_of() { # NAME VALUE WHY
	local text="CONFIG_$1=$2"
	[ "$2" != n ] || text="# CONFIG_$1 is not set"
	printf '%-44s # %s\n' "$text" "$3"
}

# The lines of the list that are for this architecture, without what says so.
list_of() { sed -nE "s/@$1 / /; /^[A-Z0-9_]+[*A-Z0-9a-z_=]* /p" "$LIST"; }

fragment_write() { # RELEASE ARCH
	local stock name why value names said
	stock=$("$LAB/stock.sh" "$1" "$2")
	echo "# SPDX-License-Identifier: GPL-2.0-or-later"
	echo "# As Debian's kernel $1 for $2 has it. Made by lab/likeness.sh write $1 $2 from like.list: change that."
	said=$(list_of "$2" | sed -E 's/[ =].*//; s/^/CONFIG_/')
	while read -r name why; do
		case $name in
		*=*) line_of "${name%%=*}" "${name#*=}" "$why"; continue ;;
		# What a name with a star finds, but for what is named itself.
		*\**) names=$(sed -nE "s/^(# )?(CONFIG_${name//\*/[A-Za-z0-9_]*})[ =].*/\2/p" "$stock/config" |
			grep -vxF "$said" | sed 's/^CONFIG_//' || true) ;;
		*) names=$name ;;
		esac
		for name in $names; do
			value=$(value_of "$name" "$stock/config")
			[ -z "$value" ] || line_of "$name" "${value/#m/y}" "$why"
		done
	done < <(list_of "$2")
}

# What of the core differs: names that the Kconfig files of memory, architecture, tracing and the like define. Prints
# NAME STOCK OURS, "n" for off.
options_differ() { # SOURCE ARCH STOCK-CONFIG OUR-CONFIG
	local kbuild=$2
	[ "$2" != x86_64 ] || kbuild=x86
	(cd "$1" && sed -nE 's/^[[:space:]]*(menu)?config ([A-Za-z0-9_]+)$/CONFIG_\2/p' mm/Kconfig* arch/Kconfig "arch/$kbuild"/Kconfig* \
		init/Kconfig kernel/Kconfig.* kernel/*/Kconfig* security/Kconfig security/Kconfig.hardening lib/Kconfig.debug lib/Kconfig.k* \
		fs/Kconfig block/Kconfig) | sort -u |
		awk -F= 'FILENAME != ARGV[nr] { nr++ } { at = index($0, "=") }
			nr == 1 { core[$0] = 1; next } !at { next }
			{ value[nr, substr($0, 1, at - 1)] = substr($0, at + 1); seen[substr($0, 1, at - 1)] = 1 }
			END { for (name in seen) { a = (2, name) in value ? value[2, name] : "n"; b = (3, name) in value ? value[3, name] : "n"
				if (name in core && a != b) print substr(name, 8), a, b } }' - "$3" "$4" | sort
}

# Those that neither list speaks of: NAME STOCK OURS.
questions() { # ARCH
	local name stock ours pattern explained
	mapfile -t patterns < <(sed -nE 's/^([A-Z0-9_*]+) .*/\1/p' "$LAB/config/unlike.list")
	while read -r name stock ours; do
		explained=
		for pattern in "${patterns[@]}"; do
			# shellcheck disable=SC2053 # a pattern
			[[ $name != $pattern ]] || { explained=1; break; }
		done
		[ -n "$explained" ] || echo "$name: Debian $stock, here $ours"
	done
}

hot_of() { # RESULT: each function's part of what is executed, a case counting as much as another
	jq -r '[.results[] | .explain // empty | to_entries[] | .value | select(type == "object" and .functions) | . as $section |
		.functions[] | {name, part: (.counts[0] / $section.instructions)}] | group_by(.name) |
		map({name: .[0].name, part: (map(.part) | add)}) | (map(.part) | add) as $sum | sort_by(-.part)[] |
		select(.name | startswith("[") | not) | "\(.name) \(.part / $sum * 1000000 | round)"' "$1"
}

check() { # KERNEL [RESULT]
	local entry arch release place stock asked worst=0 weights
	entry=$(jq -e --arg name "$1" '.kernels[$name]' "$LAB/kernels.json") || die "no kernel \"$1\" in lab/kernels.json"
	arch=$(jq -r .arch <<<"$entry")
	release=$(jq -r '.config[] | select(startswith("debian-")) | sub("debian-"; "")' <<<"$entry")
	[ -n "$release" ] || die "$1 is not to be like a distribution's" "a kernel of lab/kernels.json with debian-X in its config"
	place=$(dirname "$("$LAB/kernel.sh" "$1")")
	stock=$("$LAB/stock.sh" "$release" "$arch")
	echo "options that neither like.list nor unlike.list explains:"
	asked=$(options_differ "$(echo "$CACHE/src/$(jq -r .source <<<"$entry")"-*)" "$arch" "$stock/config" "$place/config" | questions)
	while read -r line; do echo "  $line"; done <<<"${asked:-none}"
	[ -z "$asked" ] || worst=1
	echo "compilers:"
	sed -nE 's/^CONFIG_CC_VERSION_TEXT="(.*)"/  \1/p' "$stock/config" "$place/config"
	weights=$LAB/config/hot-$arch.list
	if [ -n "${2:-}" ]; then
		weights=$(mktemp)
		hot_of "$2" >"$weights"
	fi
	echo "code of hot functions that is another, by their part of what is executed:"
	"$LAB/code.py" "$arch" "$stock/image" "$place/image" "$weights" | grep -v '^  0\.00' | sed 's/^/  /'
	[ -z "${2:-}" ] || rm -f "$weights"
	return $worst
}

case ${1:-} in
write)
	[ $# = 3 ] || die "usage: lab/likeness.sh write RELEASE ARCH"
	file=$LAB/config/debian-$2-$3.config
	fragment_write "$2" "$3" >"$file.new"
	mv "$file.new" "$file"
	echo "$file"
	;;
hot)
	[ $# = 3 ] || die "usage: lab/likeness.sh hot ARCH RESULT"
	file=$LAB/config/hot-$2.list
	{
		echo "# SPDX-License-Identifier: GPL-2.0-or-later"
		echo "# Functions of $(jq -r .environment.kernel.release "$3") by their part of what was executed, in millionths: lab/likeness.sh hot"
		hot_of "$3" | awk '$2 > 0'
	} >"$file.new"
	mv "$file.new" "$file"
	echo "$file"
	;;
check)
	[ $# = 2 ] || [ $# = 3 ] || die "usage: lab/likeness.sh check KERNEL [RESULT]"
	check "$2" "${3:-}"
	;;
*) die "usage: lab/likeness.sh write RELEASE ARCH | check KERNEL [RESULT] | hot ARCH RESULT" ;;
esac
