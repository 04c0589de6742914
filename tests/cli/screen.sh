#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What run says on a screen: its table fits the terminal, no escape sequences on a dumb one, commands that a shell takes; and what it
# refuses before it measures anything.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
. tests/cli/tap.bash
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
job() { printf '{"about":"x","cases":[%s]}\n' "$2" >"$1.json"; }
job two '{"pinner":["process_vm/readv","null"],"layout":"base","window":["page","region"],"samples":3,"warmup":0}'

on_terminal() # COLUMNS TERM COMMAND: what it prints there, as it is
{
	script -qec "stty cols $1; TERM=$2 LC_ALL=C.UTF-8 $3" /dev/null </dev/null | tr -d '\r'
}
wide=$(on_terminal 200 xterm "'$pinbench' run -c two.json -o a.json" | sed 's/\x1b\[[0-9;]*[mK]//g')
narrow=$(on_terminal 56 xterm "'$pinbench' run -c two.json -o a.json" | sed 's/\x1b\[[0-9;]*[mK]//g')
table() { sed -n '/^ *layout\|^ *window/,/^$/p'; }
[ "$(table <<<"$wide" | wc -L)" -gt 56 ] && [ "$(table <<<"$narrow" | wc -L)" -le 56 ] && grep -q 'cycle\|pin' <<<"$narrow"
check "the table is as wide as the terminal allows" || { table <<<"$wide"; table <<<"$narrow"; } | sed 's/^/# /'
! on_terminal 80 dumb "'$pinbench' run -c two.json -o a.json" | grep -q $'\x1b'
check "TERM=dumb: no escape sequence"
on_terminal 80 xterm "'$pinbench' run -c two.json -o a.json" | grep -q $'\x1b'
check "... which there are elsewhere"

"$pinbench" run -c two.json -o "it's a.json" >out 2>err
next=$(sed -n "s/^next: pinbench compare BASE //p" err)
[ "$(eval "printf %s $next")" = "it's a.json" ]
check "next: is quoted for a shell" || sed 's/^/# /' err
grep -q '^times of one run of a case .* --runs [1-9][0-9]*, or in turns with --with$' err
check "how many runs decide is said"
job one '{"pinner":"null","access":"read","samples":3}'
"$pinbench" run --dry-run -c one.json | tail -n 1 | grep -q '^1 case: 1 to run, 0 skipped$'
check "1 case"

refused() # WHAT PATTERN ARGUMENT...
{
	local what=$1 pattern=$2 code
	shift 2
	"$pinbench" run "$@" >out 2>err
	code=$?
	[ $code = 2 ] && grep -q -- "$pattern" err && ! grep -q '^\[' err
	check "$what is refused before the first case" || { echo "# exit $code"; sed 's/^/# /' err; }
}
refused "an output in no directory" 'none/x.json' -c one.json -o none/x.json
refused "an output that is a directory" 'is not the name of a file' -c one.json -o .
job twice '{"pinner":"null","samples":3},{"pinner":"null","samples":4}'
refused "a case with 3 and with 4 samples" 'is in the job twice, with 3 samples' -c twice.json
job same '{"pinner":"null","access":"read","samples":3},{"pinner":"null","access":["read","write"],"samples":3}'
"$pinbench" run --dry-run -c same.json | tail -n 1 | grep -q '^2 cases'
check "a case that is there twice and is the same is one"
for key in samples runs pages_per_call; do
	job text "{\"pinner\":\"null\",\"$key\":\"7\"}"
	refused "$key as text" "cases\[0\]\.$key: \"7\" is text where a number is wanted" -c text.json
done
job all '{"pinner":"null","pages_per_call":"all","size":"2M"}'
"$pinbench" run --dry-run -c all.json >/dev/null
check "all and sizes are text"

# A picture of one call size, in which all times are nearly the same, has three numbers at each axis all the same.
if command -v gnuplot >/dev/null; then
	"$pinbench" run -q -p pinner=null -p layout=base -p state=exclusive -p window=region -p samples=20 -o flat.json &&
		"$pinbench" plot cost flat.json -o flat.svg
	ticks() { grep -o 'text-anchor="'"$1"'"' flat.svg | wc -l; }
	numbers=$(grep -cE '^[[:space:]]*<text>(<tspan[^>]*>)?[0-9][0-9.]*(</tspan>)?</text>' flat.svg)
	[ "$(ticks end)" -ge 3 ] && [ "$numbers" -ge 6 ]
	check "three numbers at each axis of a flat picture" || echo "# $(ticks end) at the left, $numbers in all"
else
	echo "ok - three numbers at each axis # SKIP no gnuplot"
fi
exit $bad
