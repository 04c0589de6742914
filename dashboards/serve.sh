#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: dashboards/serve.sh [FILE|DIR...]      shows results in a Prometheus of their own, until Ctrl-C
#
# On loopback, on a free port, in a temporary directory that is removed at the end. Prints the address of the console page.
# PINBENCH is the program; PORT is another port than a free one.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pinbench=${PINBENCH:-$here/../pinbench}
services=${PINBENCH_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pinbench}/services/usr/bin
PATH=$PATH:$services

die() # WHAT FIX
{
	echo "dashboard: $1" >&2
	echo "dashboard: fix: $2" >&2
	exit "${3:-1}"
}

for program in prometheus promtool; do
	command -v $program >/dev/null || die "there is no $program here" "make deps, or install it" 4
done
[ -x "$pinbench" ] || die "there is no $pinbench" "make"
if [ $# = 0 ]; then
	set -- "$here/../results/reference"
	[ ! -d "$1/history" ] || set -- "$1/history"
fi

dir=$(mktemp -d)
pid=''
finish()
{
	trap - EXIT INT TERM HUP
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'finish; exit 130' INT TERM HUP

"$pinbench" export openmetrics "$@" -o "$dir/results.om" || exit 2
promtool tsdb create-blocks-from openmetrics "$dir/results.om" "$dir/data" >"$dir/log" 2>&1 || {
	tail -5 "$dir/log" >&2
	die "promtool does not take what export wrote" "look above"
}
cat >"$dir/prometheus.yml" <<YAML
global:
  evaluation_interval: ${EVALUATION:-15s}
rule_files:
  - $here/rules/pinbench.rules.yml
YAML
# Far more than there is, and less than 292 years, which is what fits.
prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" --storage.tsdb.retention.time=200y \
	--web.listen-address="127.0.0.1:${PORT:-0}" --web.console.templates="$here/consoles" \
	--web.console.libraries="$here/consoles" --log.format=json >"$dir/log" 2>&1 </dev/null &
pid=$!
address=''
for ((i = 0; i < 600; i++)); do
	kill -0 "$pid" 2>/dev/null || { tail -5 "$dir/log" >&2; pid=''; die "prometheus ended" "look above"; }
	address=$(sed -nE 's/.*"address":"(127\.0\.0\.1:[1-9][0-9]*)".*"Listening on".*/\1/p; s/.*"Listening on".*"address":"(127\.0\.0\.1:[1-9][0-9]*)".*/\1/p' "$dir/log" | head -1)
	if [ -n "$address" ] && grep -q 'Server is ready' "$dir/log"; then break; fi
	address=''
	sleep 0.1
done
[ -n "$address" ] || { tail -5 "$dir/log" >&2; die "prometheus does not answer within a minute" "look above"; }

# The page looks back as far as there are results.
first=$(sed -nE 's/^pinbench_run_start_timestamp_seconds\{.*\} ([0-9.]+)( .*)?$/\1/p' "$dir/results.om" | sort -n | head -1)
days=$((($(date +%s) - ${first%.*}) / 86400 + 1))
echo "http://$address/consoles/pinbench.html?range=${days}d"
echo "dashboard: Prometheus itself: http://$address/graph; Ctrl-C ends it" >&2
wait "$pid"
