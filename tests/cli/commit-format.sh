#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# compare --format=commit goes through git commit -e, git format-patch and git am byte for byte, whatever is in the files, and is
# as checkpatch.pl wants it.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
top=$PWD files=$PWD/tests/fixtures
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

if ! command -v git >/dev/null; then
	echo "ok - the commit format # SKIP git is not installed (make deps)"
	exit 0
fi
checkpatch=''
for script in "${PINBENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pinbench}"/src/*/scripts/checkpatch.pl; do
	[ -f "$script" ] && checkpatch=$script
done
# Nobody's settings but these: the defaults.
export HOME=$dir XDG_CONFIG_HOME=$dir GIT_CONFIG_NOSYSTEM=1 GIT_EDITOR=true LC_ALL=C.UTF-8
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
git config --global user.name "A U Thor"
git config --global user.email author@example.org
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git init -q "$dir/from" && echo 0 >"$dir/from/file" && git -C "$dir/from" add file && git -C "$dir/from" commit -q -m base &&
	git clone -q "$dir/from" "$dir/to"
check "two repositories"

# The message that somebody would write around the text, and what git made of it: after the editor, and after the mail.
round_trip() # FILE [OPTION-OF-AM]...: silent when the text came through
{
	local text=$1
	shift
	{ printf 'mm/gup: do something\n\nBefore and after:\n\n'; cat "$text"; printf '\nSigned-off-by: A U Thor <author@example.org>\n'; } \
		>"$dir/message"
	echo "$RANDOM$RANDOM" >>"$dir/from/file"
	git -C "$dir/from" commit -q -a -e -F "$dir/message" || return 1
	git -C "$dir/from" log -1 --format=%B | sed '$d' | cmp - "$dir/message" || return 1
	git -C "$dir/from" format-patch -q -1 --stdout >"$dir/patch" || return 1
	git -C "$dir/to" am -q "$@" <"$dir/patch" || { git -C "$dir/to" am --abort; return 1; }
	git -C "$dir/to" log -1 --format=%B | sed '$d' | cmp - "$dir/message"
}

# What reviewers and checkpatch.pl (COMMIT_LOG_LONG_LINE, DIFF_IN_COMMIT_MSG) want; what other tools than git cut at.
well_formed() # FILE: silent when it is
{
	[ -s "$1" ] || echo "empty"
	LC_ALL=C grep -n '[^ -~]' "$1"
	awk 'length > 75 { print "long: " $0 }
		/ $/ { print "blank at the end: " $0 }
		!/^  / && !/^$/ { print "not indented: " $0 }
		/^$/ && (NR == 1 || last == "") { print "empty line " NR }
		/^ *(#|---|\+\+\+|@@|-- |--$|diff |Index:|>?From )/ { print "cut: " $0 }
		/>8|8<|>%|%</ { print "scissors: " $0 }
		{ last = $0 }
		END { if (last == "") print "empty line at the end" }' "$1"
}

passes() # WHAT FILE
{
	local bad_form
	bad_form=$(well_formed "$2")
	[ -z "$bad_form" ] || echo "# ${bad_form//$'\n'/$'\n'# }"
	[ -z "$bad_form" ]
	check "$1: ASCII, 75 columns, nothing to strip or cut"
	round_trip "$2"
	check "$1: git commit -e, git format-patch and git am leave it as it is"
	round_trip "$2" --scissors
	check "$1: git am --scissors does too"
	[ -n "$checkpatch" ] || return
	perl "$checkpatch" --no-tree --strict --no-signoff --terse "$dir/patch" >"$dir/complaints" || sed 's/^/# /' "$dir/complaints"
	! grep -qE ': (ERROR|WARNING|CHECK): ' "$dir/complaints"
	check "$1: checkpatch.pl has no complaint"
}

# The way back has to notice what it is there for.
for loss in '  a\n# b\n' '  a\n---\n  b\n' '  a\n\n\n  b\n' '  a  \n' '  a\ndiff -u b c\n' '  a\nIndex: b\n'; do
	# shellcheck disable=SC2059 # a format
	printf "$loss" >"$dir/lost"
	! round_trip "$dir/lost" >/dev/null 2>&1
	check "a text that git changes is noticed: ${loss//\\n/|}"
	git -C "$dir/from" reset -q --hard
	git -C "$dir/to" fetch -q && git -C "$dir/to" reset -q --hard origin/main
done
printf '  a\n  -- >8 --\n  b\n' >"$dir/lost"
! round_trip "$dir/lost" --scissors >/dev/null 2>&1
check "scissors are noticed"
git -C "$dir/to" fetch -q && git -C "$dir/to" reset -q --hard origin/main

"$pinbench" compare --format=commit "$files/before.json" "$files/after.json" >"$dir/text"
passes "two files" "$dir/text"
for i in 1 2; do jq --argjson i $i '.duration_s += $i' "$files/icount.json" >"$dir/icount-$i.json"; done
"$pinbench" compare --format=commit "$files/icount.json" "$dir/icount-1.json" "$dir/icount-2.json" >"$dir/text"
passes "instructions, two new ones" "$dir/text"
"$pinbench" compare --format=commit "$top/results/reference/seed-1-before.json" "$top/results/reference/seed-1-after.json" >"$dir/text"
passes "the reference pair" "$dir/text"

nr=0
for label in --- '#x' '-- ' '-- >8 --' "$(printf '%0.sx' {1..300})" $'new\nline' 'é€' '' 'diff --git a/x b/x'; do
	nr=$((nr + 1))
	jq -c --arg name "$label" --arg side base -f "$top/tests/cli/hostile.jq" "$files/before.json" >"$dir/base.json"
	jq -c --arg name "$label!" --arg side new -f "$top/tests/cli/hostile.jq" "$files/after.json" >"$dir/new.json"
	"$pinbench" compare --format=commit "$dir/base.json" "$dir/new.json" >"$dir/text"
	passes "hostile files, label $nr" "$dir/text"
	! grep -q secret "$dir/text"
	check "hostile files, label $nr: where the files went is nobody's business"
done
"$pinbench" compare --format=commit -- "--- #x=$files/before.json" "$(printf '\001\377')=$files/after.json" >"$dir/text"
passes "labels of the command line" "$dir/text"
[ -n "$checkpatch" ] || echo "ok - checkpatch.pl # SKIP no kernel source here (make lab)"
exit $bad
