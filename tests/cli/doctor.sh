#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench doctor: saved trees against golden screens, hostile trees, the running system, errors.
# After a wanted change: PINBENCH_GOLDEN=write tests/cli/doctor.sh, and look at the difference.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
fixtures=tests/fixtures
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
unset NO_COLOR
export LC_ALL=C

result() # GOOD WHAT
{
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		bad=1
	fi
}

status() # WHAT EXPECTED COMMAND...: its exit status; output in $dir/out and $dir/err
{
	local what=$1 expected=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	local got=$?
	[ "$got" = "$expected" ] || sed 's/^/# /' "$dir/out" "$dir/err"
	[ "$got" = "$expected" ]
	result $? "$what: exit status $got"
}

golden() # NAME
{
	if [ "${PINBENCH_GOLDEN:-}" = write ]; then
		cp "$dir/out" "tests/cli/$1.golden"
	fi
	diff -u "tests/cli/$1.golden" "$dir/out" | sed 's/^/# /'
	cmp -s "tests/cli/$1.golden" "$dir/out"
	result $? "$1 is as in tests/cli/$1.golden"
}

for tree in server guest empty; do
	status "saved tree of $tree" 0 "$pinbench" doctor --root "$fixtures/root-$tree" -c "$fixtures/jobs/doctor.json"
	golden "doctor-$tree"
	[ ! -s "$dir/err" ]
	result $? "doctor says nothing on stderr about $tree"
done
status "saved tree as JSON" 0 "$pinbench" doctor --json --root "$fixtures/root-server" -c "$fixtures/jobs/doctor.json"
golden doctor-server-json

# Whatever the files hold: no crash, nothing that steers a terminal, and no number made up.
cp -r "$fixtures/root-server" "$dir/hostile"
junk=$(printf '\033[2J\033]0;title\007%0300d\t\303\050' 7)
while IFS= read -r file; do
	printf '%s' "$junk" >"$file"
done < <(find "$dir/hostile" -type f)
status "a tree of junk" 0 "$pinbench" doctor --root "$dir/hostile" -c "$fixtures/jobs/doctor.json"
! LC_ALL=C grep -q '[^[:print:]]' "$dir/out"
result $? "no control character gets through"
! grep -q 'planned: run reserves.*7777' "$dir/out"
result $? "no number is made of junk"
status "a tree of junk as JSON" 0 "$pinbench" doctor --json --root "$dir/hostile" -c "$fixtures/jobs/doctor.json"
while IFS= read -r file; do
	head -c 200000 /dev/zero | tr '\0' '9' >"$file"
done < <(find "$dir/hostile" -type f)
status "a tree of endless numbers" 0 "$pinbench" doctor --root "$dir/hostile" -c "$fixtures/jobs/doctor.json"
while IFS= read -r file; do
	: >"$file"
done < <(find "$dir/hostile" -type f)
status "a tree of empty files" 0 "$pinbench" doctor --root "$dir/hostile" -c "$fixtures/jobs/doctor.json"

# The running system. What it changes must be nothing; another user of the machine may, so it has three goes.
state()
{
	cat /proc/self/mounts
	grep -rs . /proc/sys/vm /sys/kernel/mm/hugepages /sys/kernel/mm/transparent_hugepage \
		/sys/devices/system/node/node*/hugepages 2>/dev/null | grep -v '/stats/\|khugepaged/\|stat_refresh\|drop_caches'
	ls -A /run/pinbench /sys/kernel/debug/tracing/events/kprobes /sys/kernel/tracing/events/kprobes 2>&1
}
for _ in 1 2 3; do
	state >"$dir/before"
	"$pinbench" doctor >"$dir/out" 2>"$dir/err" </dev/null
	code=$?
	state >"$dir/after"
	cmp -s "$dir/before" "$dir/after" && break
done
diff "$dir/before" "$dir/after" | sed 's/^/# /'
cmp -s "$dir/before" "$dir/after"
result $? "doctor changes nothing"
works=$(sed -n '/^What can pin/,/^$/s/^  ok *\([a-z_]*\/.*\)/\1/p' "$dir/out" | wc -l)
[ "$code" = "$([ "$works" -gt 0 ] && echo 0 || echo 4)" ]
result $? "exit status $code with $works lines of pinners that work"
grep -q '^  ok *null ' "$dir/out"
result $? "the null pinner works everywhere"
! grep -q "$(printf '\033')" "$dir/out"
result $? "no color in a file"
# every "no" has a reason
! grep -qE '^  no +[^ ]+( \([0-9]+\))? *$' "$dir/out"
result $? "each no has its reason"

# On a terminal: colors, lines no longer than it is wide but for what is to be copied; NO_COLOR is honoured.
if command -v script >/dev/null; then
	on_terminal() # COLUMNS ENV...
	{
		local columns=$1
		shift
		env "$@" script -qec "stty cols $columns; '$pinbench' doctor" /dev/null </dev/null | tr -d '\r'
	}
	on_terminal 80 TERM=xterm >"$dir/out"
	grep -q "$(printf '\033')\[31m\|$(printf '\033')\[32m" "$dir/out"
	result $? "color on a terminal"
	sed "s/$(printf '\033')\[[0-9;]*m//g" "$dir/out" | grep -v ' fix: ' | awk 'length > 80 { print "# " $0; wide = 1 } END { exit wide }'
	result $? "lines fit 80 columns"
	on_terminal 80 TERM=xterm NO_COLOR=1 >"$dir/out"
	! grep -q "$(printf '\033')" "$dir/out" && grep -q '^  ok ' "$dir/out"
	result $? "NO_COLOR is honoured"
	on_terminal 80 TERM=dumb >"$dir/out"
	! grep -q "$(printf '\033')" "$dir/out" && grep -q '^  ok ' "$dir/out"
	result $? "no color on a dumb terminal"
fi

# An ordinary user gets reasons, not a crash.
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$pinbench"; then
	setpriv --reuid=65534 --regid=65534 --clear-groups "$pinbench" doctor >"$dir/out" 2>"$dir/err" </dev/null
	code=$?
	{ [ "$code" = 0 ] || [ "$code" = 4 ]; } && [ ! -s "$dir/err" ]
	result $? "as an ordinary user: exit status $code"
	grep -q '^  no *gup-test/' "$dir/out" && grep -q '^  warn *rights .*capability' "$dir/out"
	result $? "an ordinary user is told about rights"
fi

status "a root without proc" 2 "$pinbench" doctor --root "$dir"
grep -q "$dir" "$dir/err"
result $? "the error names the directory"
status "no such job file" 2 "$pinbench" doctor -c "$dir/none.json"
status "an argument" 2 "$pinbench" doctor now
status "an unknown option" 2 "$pinbench" doctor --fix
status "a full disk" 2 bash -c "'$pinbench' doctor --root $fixtures/root-empty >/dev/full"
exit $bad
