#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/likeness.sh write RELEASE ARCH      writes lab/config/debian-RELEASE-ARCH.config from lab/config/like.list
#                                                and the distribution's own configuration
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

[ $# -ge 3 ] || die "usage: lab/likeness.sh write RELEASE ARCH"
case $1 in
write)
	file=$LAB/config/debian-$2-$3.config
	fragment_write "$2" "$3" >"$file.new"
	mv "$file.new" "$file"
	echo "$file"
	;;
*) die "usage: lab/likeness.sh write RELEASE ARCH" ;;
esac
