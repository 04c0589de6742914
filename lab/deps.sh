#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/deps.sh [GROUP...]      installs what is missing of lab/deps.list (all groups); "test" takes "unpack" along
#
# By the package manager, as root or with sudo, and nothing that is already there. Elsewhere than on Debian it says
# what is needed, because names and versions of another distribution would be guesses.
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

groups=${*:-build run test lint lab}
[[ " $groups " != *" test "* ]] || groups+=" unpack"
# The cross compiler is only foreign where the machine is another one.
native_too() { [ "$(arch_native)" != arm64 ] || [ "$1" != gcc-aarch64-linux-gnu ]; }

wanted=() reasons=() unpacked=()
while read -r group package why; do
	case " $groups " in *" $group "*) ;; *) continue ;; esac
	native_too "$package" || continue
	if [ "$group" = unpack ]; then
		unpacked+=("$package")
		continue
	fi
	wanted+=("$package") reasons+=("$why")
done < <(grep -vE '^(#|$)' "$LAB/deps.list")

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	say "this is not a Debian system: please install, under the names they have here"
	for i in "${!wanted[@]}"; do
		printf '  %-22s %s\n' "${wanted[i]}" "${reasons[i]}" >&2
	done
	# Whoever has them all can go on: what is really missing will say so itself.
	exit 0
fi

# Into the cache, without a right and without their services. What cannot be had is no error here: its tests are skipped.
unpack() # PACKAGE...
{
	local package new
	for package; do
		if command -v "$package" >/dev/null || [ -x "$CACHE/services/usr/bin/$package" ]; then continue; fi
		apt-cache show "$package" >/dev/null 2>&1 || continue
		new=$(mktemp -d)
		say "unpacking $package into $CACHE/services"
		if (cd "$new" && apt-get -q download "$package" >/dev/null 2>&1 && dpkg-deb -x ./*.deb root); then
			mkdir -p "$CACHE/services/usr/bin"
			cp "$new/root/usr/bin/"* "$CACHE/services/usr/bin/"
		else
			say "cannot download $package: what needs it is skipped"
		fi
		rm -rf "$new"
	done
}

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
	sed -n 's/^installed //p' || true)
missing=()
for i in "${!wanted[@]}"; do
	package=${wanted[i]}
	# pkg-config is a virtual name of pkgconf on newer releases, npm comes with node elsewhere than in Debian: a command
	# is proof enough.
	case $package in
	pkg-config | npm) command -v "$package" >/dev/null && continue ;;
	nodejs) command -v node >/dev/null && continue ;;
	esac
	grep -qxF "$package" <<<"$installed" && continue
	[[ " ${missing[*]-} " != *" $package "* ]] || continue
	missing+=("$package")
	printf '  %-22s %s\n' "$package" "${reasons[i]}" >&2
done
if [ "${#missing[@]}" = 0 ]; then
	unpack "${unpacked[@]}"
	exit 0
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || die "${#missing[@]} packages are missing, and there is no sudo" \
		"as root: apt-get install ${missing[*]}"
	as_root=(sudo)
	sudo -v || die "not allowed to install packages" "as root: apt-get install ${missing[*]}"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1
}
# Downloads and installation each count from 0 to 100: apt reports both on a descriptor of our choice.
percent() { sed -unE 's/^(dlstatus|pmstatus):[^:]*:([0-9]+).*/\1 \2/p' | awk '{ half = $1 == "pmstatus" ? 50 : 0
	now = half + int($2 / 2); while (last < now) { last++; print last; fflush() } }'; }

say "installing ${#missing[@]} packages"
apt update || say "apt-get update failed; trying with the package lists that are there"
apt install --no-install-recommends -o APT::Status-Fd=1 "${missing[@]}" &
pid=$!
tail -n +1 -f --pid=$pid "$log" | percent | progress "installing packages" 100
wait $pid || {
	tail -15 "$log" >&2
	die "the package manager could not install them" "${as_root[*]} apt-get install ${missing[*]}"
}
unpack "${unpacked[@]}"
