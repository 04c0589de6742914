#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every long option of every verb stands in the man page and in the completion, and the other way round; help fits a
# terminal of 80x24; the man page has no lint.
set -u
pinbench=${PINBENCH:-./pinbench}
man=${PINBENCH_MAN:-man/pinbench.1}
bad=0

same() # WHAT EXPECTED GOT
{
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		diff <(echo "$2") <(echo "$3") | sed 's/^/# /'
		bad=1
	fi
}

help_options() # VERB
{
	"$pinbench" "$1" --help | sed -n 's/^ \{2,6\}\(-[^ ], \)\{0,1\}--\([a-z][a-z-]*\).*/\2/p' |
		grep -vxE 'help|usage' | sort -u
}

man_options() # VERB
{
	awk -v verb="$1" '/^\.S[sh]/ { here = $2 == "pinbench" && $3 == verb }
		here && /^\.It Fl/ && match($0, / -[a-z][a-z-]*/) { print substr($0, RSTART + 2, RLENGTH - 2) }' "$man" | sort -u
}

completed() # WORD...
{
	COMP_WORDS=("$pinbench" "$@") COMP_CWORD=$#
	_pinbench "$pinbench"
	printf '%s\n' "${COMPREPLY[@]}"
}

# shellcheck source=/dev/null
. completion/pinbench.bash

verbs=$("$pinbench" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -vx pinbench)
[ "$(echo "$verbs" | wc -w)" -ge 6 ] || { echo "not ok - verbs in --help: $verbs"; exit 1; }
same "verbs in the man page" "$(echo "$verbs" | sort)" \
	"$(sed -n 's/^\.Ss pinbench \([a-z]*\).*/\1/p' "$man" | sort)"
same "verbs in the completion" "$(printf '%s\n' "$verbs" --help --version help version | sort)" "$(completed '' | sort)"

for verb in '' $verbs; do
	"$pinbench" ${verb:+"$verb"} --help >"${TMPDIR:-/tmp}/pinbench-help.$$" 2>&1
	same "exit status of '$verb --help'" 0 $?
	same "'$verb --help' fits 80x24" "" "$(awk 'length > 79 { print "wide: " $0 } END { if (NR > 24) print NR " lines" }' \
		"${TMPDIR:-/tmp}/pinbench-help.$$")"
	rm -f "${TMPDIR:-/tmp}/pinbench-help.$$"
done
for verb in $verbs; do
	# all have some but restore: of none is to be read none
	[ -n "$(help_options "$verb")" ] || [ "$verb" = restore ] || { echo "not ok - $verb --help names no option"; bad=1; }
	same "options of $verb in the man page" "$(help_options "$verb")" "$(man_options "$verb")"
	same "options of $verb in the completion" "$(help_options "$verb")" \
		"$(completed "$verb" -- | sed -n 's/^--//p' | grep -vxE 'help|usage' | sort -u)"
done

keys=$("$pinbench" run -p zzzzzzzz=1 2>&1 | sed -n 's/^  try: one of the keys //p' | tr ' ' '\n' | sort)
[ "$(echo "$keys" | wc -w)" -ge 10 ] || { echo "not ok - keys of job files: $keys"; bad=1; }
same "keys of job files in the man page" "$keys" "$(sed -n '/^\.Sh JOB FILES/,/^\.Sh ENV/s/^\.It //p' "$man" |
	sed 's/ , /\n/g' | sort)"
same "keys of job files in the completion" "$keys" "$(completed run -p '' | tr -d = | sort)"
same "completion of a key" "layout=" "$(completed run -p lay)"
same "completion of a value" "previously-shared" "$(completed run -p state = prev)"
same "completion of a second value" "base,previously-shared" "$(completed run -p state = base,prev)"
same "completion of a plot" "bars" "$(completed plot ba)"

if command -v mandoc >/dev/null; then
	same "lint of the man page" "" "$(mandoc -Tlint -Wwarning "$man" 2>&1 | grep -v 'outdated mandoc.db\|referenced manual not found')"
elif [ -n "${CI:-}" ]; then
	echo "not ok - lint of the man page: mandoc is not installed"
	bad=1
else
	echo "ok - lint of the man page # SKIP mandoc is not installed"
fi
exit $bad
