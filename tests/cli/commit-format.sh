#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# compare --format=commit goes through git commit -e, git format-patch and git am byte for byte, whatever is in the files, and is
# as checkpatch.pl wants it.
# shellcheck disable=SC2016,SC2088 # dollars, backticks and tildes stand for themselves in many words here
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

# --- the line that measures the same again, typed ---
# In a directory and with files whose names need quotes; what is measured needs no rights and no special kernel.
mkdir -p "$dir/path" "$dir/project/it's a job" "$dir/lab" && cd "$dir/project" || exit 1
printf '#!/bin/sh\nexec "%s" "$@"\n' "$pinbench" >"$dir/path/pinbench" && chmod 755 "$dir/path/pinbench"
PATH=$dir/path:$PATH
long="it's a job/$(printf 'a long name %.0s' 1 2 3 4 5 6 7 8 9)é !x.json"
printf '{"cases": [{"pinner": "null", "layout": "base", "state": "exclusive", "access": "read", "size": "64K", "samples": 2}]}' >"$long"
sed 's/"exclusive"/"exclusive-ro"/' "$long" >'it'\''s a job/>8 b=$x.json'

words_json() { printf '%s\n' "$@" | jq -R . | jq -sc .; } # WORD...
said() # FILE: what it says of what was measured, but for the words in $left_out
{
	jq -c --argjson left "$(words_json "${left_out[@]}")" \
		'[.command - $left, .config, (.schedule | del(.id, .sides)?), [.results[] | [.key, .status, (.runs | length)]]]' "$1"
}

typed() # WHAT FILE...: what commit prints of one or two files, typed in sh and in bash, measures the same again
{
	local what=$1 shell file nr
	shift
	jq '.duration_s += 1' "$1" >"$dir/other.json"
	pinbench compare --format=commit "$1" "${2-$dir/other.json}" >"$dir/text" && sed -n '/^  reproduce/,$p' "$dir/text" | sed 1d >"$dir/line"
	[ -s "$dir/line" ] && [ -z "$(well_formed "$dir/text")" ]
	check "$what: the line is there"
	for shell in sh bash; do
		rm -rf results
		"$shell" "$dir/line" >"$dir/out" 2>"$dir/err" </dev/null || sed 's/^/# /' "$dir/line" "$dir/err"
		nr=0
		for file; do
			nr=$((nr + 1))
			diff <(said "$file") <(said "$(find results -name '*.json' | sort | sed -n ${nr}p)")
			check "$what: typed in $shell, it measures what is in file $nr again"
		done
		[ "$(find results -name '*.json' | wc -l)" -eq $nr ]
		check "$what: typed in $shell, it measures nothing else"
	done
}

pinbench run -c "$long" -p window=head,0+16K -p "samples=3" --runs 2 -qo "$dir/a.json" --lab secret 2>"$dir/err"
check "run: measured $(cat "$dir/err")"
left_out=(-q -qo --lab secret "$dir/a.json")
typed "run" "$dir/a.json"
pinbench run -c "$long" --with 'it'\''s a job/>8 b=$x.json' --runs 2 --order random --seed 7 -p window=head -q --label=a --with-label b \
	-o "$dir/a.json" --with-output "$dir/b.json" 2>"$dir/err"
check "run --with: measured $(cat "$dir/err")"
left_out=(-q --label=a --with-label b -o "$dir/a.json" --with-output "$dir/b.json")
typed "run --with" "$dir/a.json" "$dir/b.json"

# A stand-in for QEMU, as in lab-schedule.sh; QEMU runs as nobody when root starts it.
chmod 755 "$dir" "$dir/path" "$dir/lab" && install -m 755 "$top/tests/fixtures/qemu.py" "$dir/path/qemu-system-aarch64"
install -m 644 "$files/small.json" "$dir/lab/small.json" && : >"$dir/lab/log" && chmod 666 "$dir/lab/log" && printf guest >"$dir/lab/guest"
export BOOT_LOG=$dir/lab/log BOOT_RESULT=$dir/lab/small.json BOOT_SECONDS=0 BOOT_PANIC=''
for name in a b; do # an image says its name; arm64's magic is at 0x38
	{ head -c 56 /dev/zero; printf 'ARMd'; head -c 4 /dev/zero; printf '%s' $name; } >"it's a job/$name.img"
done
left_out=(-q -o "$dir/lab/results")
env | grep '^BOOT_' >"$dir/path/settings"
pinbench vm --accel tcg --qemu "$dir/path/qemu-system-aarch64" --guest "$dir/lab/guest" -k "a=it's a job/a.img" -k "b=$PWD/it's a job/b.img" --boots 2 --clock icount \
	--append hugepages=4 -o "$dir/lab/results" -- run -q -c "$long" -p samples=3 >"$dir/out" 2>"$dir/err" </dev/null
check "vm: measured" || sed 's/^/# /' "$dir/err"
typed "vm" "$dir"/lab/results/a-*.json "$dir"/lab/results/b-*.json

# What a file can hold, as a shell reads it: any bytes, values that look like options, options cut short or joined.
printf '#!/bin/sh\nfor word; do printf "%%s|" "$word"; done\n' >"$dir/path/pinbench"
words() # WANTED WORD...
{
	local want=$1 shell
	shift
	jq -c --argjson words "$(words_json pinbench "$@")" '.command = $words' "$files/small.json" >"$dir/a.json"
	jq '.duration_s += 1' "$dir/a.json" >"$dir/b.json"
	"$pinbench" compare --format=commit "$dir/a.json" "$dir/b.json" >"$dir/text" && sed -n '/^  reproduce/,$p' "$dir/text" | sed 1d >"$dir/line"
	for shell in sh bash; do
		[ "$(HOME='/home of/me' "$shell" "$dir/line")" = "$want" ] || { cat "$dir/line"; false; }
		check "words: $shell reads ${want:0:60}" || HOME='/home of/me' "$shell" "$dir/line"
	done
}
words 'run|-c|~x|-p|a=~b|' run -c '~x' -p 'a=~b' --out x -qofile --lab=y
words 'run|-c|-o|-p|--label|--see|-q|' run -c -o -p --label --see -q -q
words 'run|-pq|--force|' run -qpq --res --force --with-o x --with-l y
words 'run|-c|/home of/me/a b|--with|/home of/me|' run -c '~/a b' --with '~'
words "vm|-k|a=/home of/me/x|-kb c=/home of/me/$(printf '%060d' 0)|--|run|-c|/home of/me/y|" vm -k 'a=~/x' "-kb c=~/$(printf '%060d' 0)" -o r --resume -- run -c '~/y' -q
words 'vm|-k|a=x|run|-c|y|' vm -k a=x -or run -c y --label z
words 'import|gup_test|a b|-s|-q|' import gup_test 'a b' -s -q -q -o x
everything=$(printf '%b' "$(printf '\\0%o' {32..126})")
words "run|-c|$everything|-p|$everything$everything|-p|é€|" run -c "$everything" -p "$everything$everything" -p 'é€'
all=() want=
for word in '---x' '#x' '-- x' '-- >8 --' '>8' '8<' '>%' '%<' '@@ -1 +1 @@' 'diff --git a b' 'diff' 'Index: x' 'From x' 'From:' '+++ b' '' '!x' '\0101' '%s' '$HOME' '`x`'; do
	all+=(-c "$word" -p "a=$word$(printf '%060d' 0)")
	want+="-c|$word|-p|a=$word$(printf '%060d' 0)|"
done
words "run|$want" run "${all[@]}"
[ -z "$(well_formed "$dir/text")" ]
check "words: what would end a message, cut it or be a comment is well-formed" || well_formed "$dir/text"
jq -c '.command = ["pinbench", "run", "-c", "/srv~/x"]' "$files/small.json" >"$dir/a.json" && jq '.duration_s += 1' "$dir/a.json" >"$dir/b.json"
"$pinbench" compare --format=commit "$dir/a.json" "$dir/b.json" | grep -q '^    (the file does not say: a home directory was left out' &&
	! "$pinbench" compare --format=commit "$dir/a.json" "$dir/b.json" | grep -q '^    pinbench'
check "a command that nobody can type is not shown as one"
cd "$top" || exit 1
[ -n "$checkpatch" ] || echo "ok - checkpatch.pl # SKIP no kernel source here (make lab)"
exit $bad
