#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who gnuplot and QEMU are, where they come from and what reaches the terminal from a guest; what stands in the way of results; and that
# nothing waits for a file that is none.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=$PWD/tests/fixtures
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
export LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
root=$(id -u | grep -cx 0)
# strace cannot look into a program that looks after itself; others run as someone else who may not read this tree
traces=''
command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null && ! grep -q __asan_init "$pinbench" && traces=1

# A guest that is nobody's: an image of arm64 is told by its magic at 0x38, one of x86_64 by that at 0x202.
printf guest >"$dir/guest"
{ head -c 56 /dev/zero; printf ARMd; head -c 8 /dev/zero; } >"$dir/arm.img"
{ head -c 514 /dev/zero; printf HdrS; head -c 512 /dev/zero; } >"$dir/x86.img"
# Stands in for QEMU: says who it is.
mkdir "$dir/bin" "$dir/path"
cat >"$dir/bin/qemu-system-aarch64" <<SCRIPT
#!/bin/bash
{
	grep -E '^(Uid|Gid|Groups|CapPrm|CapEff|CapBnd|NoNewPrivs):' /proc/\$\$/status
	tr '\\0' '\\n' </proc/\$\$/environ | sort
	while [ \$# -gt 1 ]; do [ "\$1" = -kernel ] && echo "kernel: \$(wc -c <"\$2")"; shift; done
	readlink /proc/\$\$/fd/* | grep -vE 'memfd:|/dev/null|qemu-system|arm.img|x86.img|pipe:|/seen$' | sed 's/^/open /'
} >"$dir/seen"
SCRIPT
printf '#!/bin/bash\n: >"%s/evil"\n' "$dir" >"$dir/path/qemu-system-aarch64"
for name in qemu-system-x86_64 gnuplot; do cp "$dir/path/qemu-system-aarch64" "$dir/path/$name"; done
cp "$dir/bin/qemu-system-aarch64" "$dir/bin/qemu-system-x86_64"
chmod -R 755 "$dir/bin" "$dir/path"
anew() { rm -f "$dir/evil" "$dir/seen"; : >"$dir/seen"; chmod 666 "$dir/seen"; }
vm() { # ARGUMENT...
	timeout 60 "${how[@]}" "$pinbench" vm -k "a=$dir/arm.img" --accel tcg --guest "$dir/guest" --timeout 1 -o "$dir/results" "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
}
how=()
seen() { [ "$(sed -n "s/^$1:[[:space:]]*//p" "$dir/seen" | tr '\t' ' ' | sed 's/ *$//')" = "$2" ]; }

# Where QEMU comes from.
anew
PATH=$dir/path:$PATH vm -- run
[ ! -e "$dir/evil" ]
check "a QEMU in \$PATH is not taken"
anew
vm --qemu "$dir/bin" -- run
[ -s "$dir/seen" ]
check "that of a directory that was named is"
anew
vm --qemu "$dir/bin/qemu-system-aarch64" -- run
[ -s "$dir/seen" ]
check "so is one that was named itself"
SECRET=1 LD_LIBRARY_PATH=/nonexistent vm --qemu "$dir/bin" -- run
[ "$(grep -c = "$dir/seen")" -eq 3 ] && grep -qx PATH=/usr/bin:/bin "$dir/seen" && grep -qx HOME=/nonexistent "$dir/seen"
check "it gets an environment of its own"
exec 7<"$files/small.json"
vm --qemu "$dir/bin" -- run
exec 7<&-
! grep '^open ' "$dir/seen"
check "and no file that is not its own"
vm --qemu bin -- run
[ $? -eq 2 ] && grep -q 'not an absolute path' "$dir/err"
check "a relative path is refused"
for nothing in "$dir/none" "$dir/guest" "$dir/path/gnuplot/x" "$dir"; do
	vm --qemu "$nothing" -- run
	[ $? -eq 2 ] && grep -q 'no program is there' "$dir/err"
	check "so is a path without a program, ${nothing##*/}"
done

if command -v gnuplot >/dev/null; then
	PATH=$dir/path:$PATH "$pinbench" plot bars "$files/small.json" -o "$dir/own.svg" >"$dir/out" 2>&1 && [ -s "$dir/own.svg" ] && [ ! -e "$dir/evil" ]
	check "a gnuplot in \$PATH is not taken either"
fi

# What a guest says.
cat >"$dir/bin/talks" <<'PYTHON'
#!/usr/bin/env python3
import os, re, sys, zlib
fd = int(re.search(r"file,id=channel,path=/dev/fd/(\d+)", " ".join(sys.argv)).group(1))
console = int(re.search(r"file,id=console,path=/dev/fd/(\d+)", " ".join(sys.argv)).group(1))
hostile = "\x1b[2J\x1b]0;title\x07\x1b]52;c;eA==\x07\x9b31m\u202e\u200b\u00ad\x7f\r\x08".encode() + b"\x9b\xff\x00"
sequence = total = 0
def frame(kind, data):
    global sequence, total
    crc = zlib.crc32(kind.encode() + data)
    os.write(fd, f"pinbench1 {kind} {len(data)} {crc:08x} {sequence}\n".encode() + data)
    sequence += 1
    total = zlib.crc32(crc.to_bytes(4, "little"), total)
os.write(console, b"BUG: " + hostile + b"\n")
frame("ready", b"6.1-" + hostile + b"-end\nsecond")
frame("stdout", b"first\tword\n" + hostile + b"last \xc3\xa9\n")
frame("end", f"0 {sequence} {total:08x}".encode())
PYTHON
chmod 755 "$dir/bin/talks"
vm --qemu "$dir/bin/talks" -- doctor
grep -q 'done in .* (Linux 6.1-' "$dir/err" && grep -q 'end?second)' "$dir/err" && grep -q $'^first\tword$' "$dir/out" && grep -q 'last é$' "$dir/out"
check "what a guest says is shown"
python3 - "$dir/out" "$dir/err" <<'PYTHON'
import sys, unicodedata
for name in sys.argv[1:]:
    text = open(name, encoding="utf-8").read()  # invalid UTF-8 would end this
    bad = {hex(ord(c)) for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")}
    assert not bad, f"{name}: {bad}"
    assert "title" in text or name.endswith("err"), text
PYTHON
check "but nothing of it steers the terminal"

# Results where they belong.
run() { (cd "$dir/cwd" && timeout 120 "$pinbench" run -q -p pinner=null -p layout=base -p state=exclusive -p samples=2 "$@") >"$dir/out" 2>"$dir/err"; }
fresh() { rm -rf "$dir/cwd" "$dir/elsewhere"; mkdir "$dir/cwd" "$dir/elsewhere"; }
fresh
ln -s "$dir/elsewhere" "$dir/cwd/results"
run --label x
[ $? -eq 2 ] && grep -q 'results: .*symbolic link' "$dir/err" && [ -z "$(ls -A "$dir/elsewhere")" ]
check "a planted link as results is refused"
fresh
: >"$dir/cwd/results"
run --label x
[ $? -eq 2 ] && grep -q 'results: ' "$dir/err"
check "so is a file as results"
fresh
mkdir -m 777 "$dir/cwd/results"
run --label x
[ $? -eq 2 ] && grep -q 'everybody may change what is in it' "$dir/err" && [ -z "$(ls -A "$dir/cwd/results")" ]
check "and a directory that everybody may write to"
run -o results/x.json
[ $? -eq 2 ] && grep -q 'everybody may change what is in it' "$dir/err" && [ -z "$(ls -A "$dir/cwd/results")" ]
check "with -o, too"
chmod 1777 "$dir/cwd/results"
run --label x && [ "$(find "$dir/cwd/results" -name 'x-*.json' | wc -l)" -eq 1 ]
check "unless only its owner may take a file away"
if [ "$root" = 1 ]; then
	fresh
	SUDO_UID=12345 SUDO_GID=23456 run --label x
	[ "$(stat -c %u:%g "$dir/cwd/results" "$dir/cwd/results"/x-*.json | sort -u)" = 12345:23456 ]
	check "results made under sudo belong to the user"
	for uid in -1 4294967295 1x '' 99999999999999999999; do
		fresh
		SUDO_UID=$uid SUDO_GID=23456 run --label x
		[ "$(stat -c %u:%g "$dir/cwd/results" "$dir/cwd/results"/x-*.json | sort -u)" = 0:0 ]
		check "SUDO_UID=$uid is no user"
	done
	fresh
	mkdir "$dir/cwd/results"
	SUDO_UID=12345 SUDO_GID=23456 run --label x
	[ "$(stat -c %u:%g "$dir/cwd/results")" = 0:0 ]
	check "a directory that was there stays whose it was"
fi

# What is no file is refused, not waited for.
mkfifo "$dir/fifo"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$dir/socket"
for odd in "$dir/fifo" "$dir/socket" "$dir/bin" /dev/zero; do
	while read -r words; do
		# shellcheck disable=SC2086 # words
		(cd "$dir" && timeout 20 "$pinbench" ${words//ODD/$odd}) >"$dir/out" 2>"$dir/err" </dev/null
		[ $? -eq 2 ] && grep -qE "^(pinbench|gate): .*${odd##*/}" "$dir/out" "$dir/err" && ! grep -q '^{' "$dir/out"
		check "${odd##*/} is refused by ${words//ODD/it}"
	done <<COMMANDS
run -c ODD -o x.json
run --with ODD -p pinner=null --runs 2
vm -k a=ODD --guest $dir/guest -- run
vm -k a=$dir/arm.img --qemu $dir/bin --guest ODD -- run
vm -k a=$dir/arm.img --qemu $dir/bin --guest $dir/guest -- run -c ODD
compare $files/before.json ODD
compare ODD
gate $files/before.json ODD --fail-on cycle:5%
plot bars ODD -o x.svg
import gup_test ODD -o x.json
COMMANDS
done

if [ "$root" = 0 ]; then
	echo "ok - rights that are dropped # SKIP only root has any"
	exit $bad
fi
if setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$pinbench"; then
	how=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	mkdir -m 700 "$dir/his"
	chown 65534:65534 "$dir/his"
	anew
	vm --qemu "$dir/bin" -o "$dir/his/results" -- run
	[ -s "$dir/seen" ]
	check "nobody starts QEMU, too"
	if command -v gnuplot >/dev/null; then
		"${how[@]}" "$pinbench" plot bars "$files/small.json" -o "$dir/his/x.svg" && [ -s "$dir/his/x.svg" ]
		check "and gnuplot"
	fi
	how=()
fi
anew
vm --qemu "$dir/bin" -- run
seen Uid "65534 65534 65534 65534" && seen Gid "65534 65534 65534 65534" && seen Groups "" && seen CapPrm 0000000000000000 &&
	seen CapEff 0000000000000000 && seen NoNewPrivs 1
check "QEMU is nobody, and can be nobody else"
chmod 600 "$dir/arm.img"
anew
vm --qemu "$dir/bin" -- run
seen kernel "$(stat -c %s "$dir/arm.img")"
check "a kernel for root's eyes alone is one that it can read"
chmod 644 "$dir/arm.img"
SUDO_UID=0 SUDO_GID=0 vm --qemu "$dir/bin" -- run
seen Uid "65534 65534 65534 65534"
check "whatever the environment says of sudo"

# KVM: a /dev of our own, in which /dev/null stands for the node.
if [ "$(uname -m)" = x86_64 ] && unshare -m true 2>/dev/null; then
	kvm() { # MODE GROUP
		anew
		# shellcheck disable=SC2016 # bash expands it
		unshare -m bash -c 'mkdir -p "$1/dev" && mount -t tmpfs none "$1/dev" && mknod -m 666 "$1/dev/null" c 1 3 &&
			mknod -m "$2" "$1/dev/kvm" c 1 3 && chgrp "$3" "$1/dev/kvm" && ln -s /proc/self/fd "$1/dev/fd" && mount --bind "$1/dev" /dev &&
			exec timeout 60 "$4" vm -k "a=$1/x86.img" --accel kvm --guest "$1/guest" --qemu "$1/bin" -o "$1/results" -- run' \
			- "$dir" "$1" "$2" "$pinbench" >"$dir/out" 2>"$dir/err" </dev/null
	}
	kvm 660 12321
	[ $? -eq 2 ] && grep -q 'did not boot within' "$dir/err" && seen Uid "65534 65534 65534 65534" && seen Groups 12321 && seen CapEff 0000000000000000
	check "under KVM it is nobody with the group of the node"
	kvm 666 0
	[ $? -eq 2 ] && seen Uid "65534 65534 65534 65534" && seen Groups ""
	check "and without, where the node is for everybody"
	kvm 660 0
	[ $? -eq 2 ] && grep -q 'only root may use it' "$dir/err" && [ ! -s "$dir/seen" ]
	check "where the node is for root alone there is no KVM"
else
	echo "ok - KVM # SKIP needs x86_64 and mount namespaces"
fi

if [ -z "$traces" ]; then
	echo "ok - calls that fail # SKIP needs strace (make deps), and a program that is not built with SAN=1"
	exit $bad
fi
injected() { # CALL HOW WORDS COMMAND...: it is not started, and the call is named
	local call=$1 result=$2 words=$3 status
	shift 3
	# a supplementary group, so that keeping it can be seen
	setpriv --groups 4 timeout 60 strace -f -qq -o "$dir/trace" -e trace=execve,setgroups,setresuid,setresgid -e "inject=$call:$result" "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ $status -eq 2 ] && [ ! -s "$dir/seen" ] && [ ! -e "$dir/x.svg" ] && [ "$(grep -c 'execve("[^"]*\(gnuplot\|qemu\)' "$dir/trace")" -eq 0 ] &&
		grep -qF "was not started: $words failed" "$dir/err"
	check "$call $result: ${6:-$2} is not started, and the reason is told"
}
plot=("$pinbench" plot bars "$files/small.json" -o "$dir/x.svg")
boot=("$pinbench" vm -k "a=$dir/arm.img" --accel tcg --guest "$dir/guest" --qemu "$dir/bin" -o "$dir/results" -- run)
anew
for call in setgroups setresgid setresuid; do
	for result in error=EPERM retval=0; do
		words="$call()"
		[ $result = error=EPERM ] || words="giving up root ($call() did not)"
		injected $call $result "$words" "${boot[@]}"
		! command -v gnuplot >/dev/null || injected $call $result "$words" "${plot[@]}"
	done
done
# The same without strace: they are started then, so that the above can fail.
"${boot[@]}" >"$dir/out" 2>&1
[ -s "$dir/seen" ]
check "nothing injected: QEMU is started"
if command -v gnuplot >/dev/null; then
	"${plot[@]}" >"$dir/out" 2>&1 && [ -s "$dir/x.svg" ]
	check "nothing injected: gnuplot is started"
fi
strace -f -qq -o "$dir/trace" -e trace=pidfd_open -e inject=pidfd_open:error=ENOSYS "${boot[@]}" >"$dir/out" 2>"$dir/err"
[ $? -eq 2 ] && grep -q 'pidfd_open (Linux 5.3 or later)' "$dir/err"
check "without pidfd_open() the error says so"
exit $bad
