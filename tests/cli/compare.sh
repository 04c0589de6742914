#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench compare: golden output (UPDATE=1 writes it anew), refusals, and files that want to hurt.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=tests/fixtures golden=tests/cli
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8
unset NO_COLOR
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

same() # NAME FILE...: stdout of compare is tests/cli/NAME.out
{
	local name=$1
	shift
	[ -n "${UPDATE:-}" ] && "$pinbench" compare "$@" >$golden/"$name".out
	diff -u $golden/"$name".out <("$pinbench" compare "$@")
	check "golden output: $name"
}

refused() # WHAT SENTENCE FILE...: exit 2, nothing on stdout, SENTENCE on stderr
{
	local what=$1 sentence=$2
	shift 2
	"$pinbench" compare "$@" >"$dir/out" 2>"$dir/err"
	if [ $? -ne 2 ] || [ -s "$dir/out" ] || ! grep -qF -e "$sentence" "$dir/err"; then
		cat "$dir/err"
		false
	fi
	check "refused: $what"
}

same compare $files/before.json $files/after.json
same compare-unshare $files/unshare-before.json $files/unshare-after.json
same compare-one $files/before.json
same compare-one-unshare $files/unshare-before.json
same compare-icount $files/icount.json $files/icount.json

# The words that no comparison without statistics may use.
! "$pinbench" compare $files/before.json $files/after.json | grep -v 'is better$' | grep -iE 'better|worse|faster|slower|regress|improve'
check "no verdict"
! "$pinbench" compare $files/before.json $files/after.json | head -34 | awk 'length > 100' | grep .
check "the table fits in 100 columns"

# Emulated: ns that must not be taken for those of a machine; instructions may be.
jq '.environment.lab = {"accel": "tcg"}' $files/before.json >"$dir/tcg.json"
jq '.environment.lab = {"accel": "kvm"}' $files/before.json >"$dir/kvm.json"
jq '.environment.lab = {"accel": "tcg"}' $files/icount.json >"$dir/tcg-icount.json"
warnings() { "$pinbench" compare "$@" | grep -c 'times of a software emulator'; }
[ "$(warnings "$dir/tcg.json")" = 1 ] && [ "$(warnings --force "$dir/tcg.json" "$dir/kvm.json")" = 1 ] &&
	[ "$(warnings "$dir/kvm.json")" = 0 ] && [ "$(warnings "$dir/tcg-icount.json" "$dir/tcg-icount.json")" = 0 ]
check "times of an emulator are said to be such"

refused "instructions with ns" "cannot be compared: clock: ns and instructions" $files/before.json $files/icount.json
refused "no file" "name two result files"
refused "a file that is not there" "No such file" $files/before.json "$dir/none.json"
mkdir "$dir/empty"
refused "a directory without results" "no *.json" "$dir/empty" $files/before.json
mkfifo "$dir/pipe"
refused "a pipe, without waiting for it" "not a regular file" "$dir/pipe"

head -c 3000 $files/before.json >"$dir/cut.json"
refused "half a file" "cut.json:1:3000:" "$dir/cut.json"
sed 's/"samples":{"pin":\[[0-9]*,/"samples":{"pin":[4.5,/' $files/small.json >"$dir/real.json"
refused "a sample that is not whole" "real.json: results[0].runs[0].samples.pin[0]: not an integer" "$dir/real.json"
sed 's/"complete":true/"complete":true,"complete":true/' $files/small.json >"$dir/twice.json"
refused "a key that is there twice" "duplicate" "$dir/twice.json"
sed 's/result:1/result:9/' $files/small.json >"$dir/later.json"
refused "another version" "urn:pinbench:result:9" "$dir/later.json"
{ printf '%0.s[' {1..100000}; } >"$dir/deep.json"
refused "a hundred thousand brackets" "deep.json:1:33: nested deeper than 32" "$dir/deep.json"
{ printf '['; yes '1,' | head -n 5000000 | tr -d '\n'; printf '1]'; } >"$dir/many.json"
refused "five million numbers" "more than 4000000 values" "$dir/many.json"
truncate -s 65M "$dir/big.json"
refused "65 MiB" "limit of 64 MiB" "$dir/big.json"
printf '{"schema": "urn:pinbench:result:1"} trailing' >"$dir/trailing.json"
refused "text after the end" "trailing.json:1:" "$dir/trailing.json"
printf '{"a\033[31m": 1, "a\033[31m": 2}' >"$dir/escape.json"
refused "an escape sequence in bad JSON" "escape.json" "$dir/escape.json"
! grep -q "$(printf '\033')" "$dir/err"
check "the error shows no escape sequence"

sed 's/"label":"[^"]*"/"label":"\\u001b[31mred\\u202e\\u0007\\n\\u009b2J"/; s/"CONFIG_DEBUG_VM":"n"/"CONFIG_DEBUG_VM":"\\u001b]0;x\\u0007"/' \
	$files/before.json >"$dir/hostile.json"
"$pinbench" compare "$dir/hostile.json" $files/after.json >"$dir/out" && "$pinbench" compare "$dir/hostile.json" >>"$dir/out"
check "a hostile label is read"
grep -q '\[31mred' "$dir/out" && ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$dir/out"
check "no control character gets through"
! grep -qP '\x{202e}|\x{9b}' "$dir/out"
check "no mark that turns the text round gets through"
! LC_ALL=C "$pinbench" compare $files/before.json $files/after.json | LC_ALL=C grep -q "$(printf '[\200-\377]')"
check "ASCII where the locale is not UTF-8"

# a terminal: colour, unless told otherwise
if command -v script >/dev/null; then
	color() { env "$@" script -qec "$pinbench compare $files/small.json" /dev/null </dev/null | grep -c "$(printf '\033')"; }
	[ "$(color TERM=xterm)" -gt 0 ] && [ "$(color TERM=xterm NO_COLOR=1)" -eq 0 ] && [ "$(color TERM=dumb)" -eq 0 ]
	check "colour on a terminal only, and not with NO_COLOR or TERM=dumb"
fi
[ "$("$pinbench" compare --help | awk 'length > 80' | wc -l)" -eq 0 ] && [ "$("$pinbench" compare --help | wc -l)" -le 24 ]
check "--help fits 80x24"
"$pinbench" compare $files/small.json >/dev/full 2>"$dir/err"
[ $? -eq 2 ]
check "output that cannot be written is an error"
exit $bad
