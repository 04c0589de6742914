# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the scripts of the lab share: where things are kept, and how they speak (stderr only: stdout is data).
set -euo pipefail
export LC_ALL=C

# shellcheck disable=SC2034 # used by those who include this
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
CACHE=${PINBENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pinbench}

# Names of one architecture: the kernel's and the Makefile's are the same word here.
arch_native() { uname -m | sed 's/aarch64/arm64/'; }
arch_debian() { case $1 in x86_64) echo amd64 ;; *) echo "$1" ;; esac; }
arch_triplet() { case $1 in arm64) echo aarch64-linux-gnu ;; *) echo "$1-linux-gnu" ;; esac; }
# The prefix of the compiler; empty when it is the machine's own.
arch_cross() { [ "$1" = "$(arch_native)" ] || echo "$(arch_triplet "$1")-"; }

say() { echo "lab: $*" >&2; }
die() {
	echo "lab: $1" >&2
	[ $# -lt 2 ] || echo "lab: fix: $2" >&2
	exit 1
}
need() { command -v "$1" >/dev/null || die "$1 is not installed" "make deps"; }

duration() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# LABEL TOTAL: counts lines of stdin against about TOTAL. A line that redraws itself on a terminal, one plain line
# before and after anywhere else.
progress() {
	local label=$1 total=$2 start=$SECONDS done=0 shown=-1 spent
	[ -t 2 ] || say "$label ..."
	while read -r _; do
		done=$((done + 1))
		spent=$((SECONDS - start))
		if [ ! -t 2 ] || [ "$spent" = "$shown" ]; then continue; fi
		shown=$spent
		[ "$done" -lt "$total" ] || total=$((done + 1))
		printf '\r\033[Klab: %s: %d %%, about %s left' "$label" $((done * 100 / total)) \
			"$(duration $((spent * (total - done) / done)))" >&2
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
	say "$label: $(duration $((SECONDS - start)))"
}

# ARCH DIR: an apt of its own in DIR for Debian's packages of ARCH. Sources, mirrors and keys are the host's; its list of
# architectures and of installed packages stays untouched, and no root is needed.
apt_private_init() {
	local deb
	APT_DIR=$2
	deb=$(arch_debian "$1")
	mkdir -p "$APT_DIR/state/lists/partial" "$APT_DIR/cache/archives/partial"
	: >"$APT_DIR/status"
	APT_OPTIONS=(-q -o Dir::State="$APT_DIR/state" -o Dir::State::status="$APT_DIR/status" -o Dir::Cache="$APT_DIR/cache"
		-o APT::Architecture="$deb" -o APT::Architectures="$deb" -o APT::Sandbox::User="" -o APT::Get::List-Cleanup=false
		-o Acquire::Languages=none)
	# A third party's list that is out of reach does not matter as long as the packages are found.
	apt_private update || true
}
apt_private() { apt-get "${APT_OPTIONS[@]}" "$@" >>"$APT_DIR/log" 2>&1; }
