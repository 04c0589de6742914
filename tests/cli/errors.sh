#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the user reads when something is wrong: the exit code, the sentence, and nothing on stdout.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
top=$PWD
dir=$(mktemp -d) || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
chmod 755 .
bad=0
quiet="-q -p pinner=null -p samples=2 -p warmup=0"

fails() # CODE SENTENCE COMMAND...: SENTENCE is a fixed string somewhere on stderr
{
	code=$1 sentence=$2
	shift 2
	"$@" >out 2>err
	got=$?
	if [ "$got" -ne "$code" ]; then
		echo "not ok - $*: exit $got, not $code"
	elif ! grep -qF -- "$sentence" err; then
		echo "not ok - $*: does not say \"$sentence\""
	elif [ -s out ]; then
		echo "not ok - $*: something on stdout"
	else
		echo "ok - $sentence"
		return
	fi
	sed 's/^/# /' out err
	bad=1
}

job() # TEXT: a job file
{
	printf '%s' "$1" >job.json
}

run()
{
	# shellcheck disable=SC2086 # a list of words
	"$pinbench" run $quiet "$@"
}

# --- verbs ---
fails 2 'Usage: pinbench VERB' "$pinbench"
fails 2 'no verb "lsit"; did you mean "list"?' "$pinbench" lsit
fails 2 'no verb "zzz" (' "$pinbench" zzz
fails 2 'unknown option "--jsno": a verb comes first' "$pinbench" --jsno list
fails 2 'no verb "rnu"; did you mean "run"?' "$pinbench" help rnu
fails 2 'no list of "windos"; did you mean "windows"?' "$pinbench" list windos
for verb in list doctor run vm compare gate plot report import export restore; do
	fails 2 "unrecognized option '--no-such-option'" "$pinbench" $verb --no-such-option
done
# shellcheck disable=SC2016 # expanded by the inner shell
fails 2 'No space left on device' sh -c '"$1" list >/dev/full' - "$pinbench"

# --- job files ---
fails 2 'none.json: No such file or directory' run -c none.json
fails 2 'Is a directory' run -c .
job '{"cases": [{"pinner": "null"'
fails 2 "job.json:1:28: '}' expected near end of file" run -c job.json
job '{"cases": [{"pinner": "null", "sampels": 3}]}'
fails 2 'job.json: cases[0]: unknown key "sampels"; did you mean "samples"?' run -c job.json
job '{"cases": [{"pinner": "null", "samples": 1, "samples": 2}]}'
fails 2 'duplicate object key' run -c job.json
job '{"cases": [{"pinner": "null", "size": "2Q"}]}'
fails 2 'cases[0].size: "2Q" is not a size: a whole number of bytes, or of K, M, G or T (4K, 2M)' run -c job.json
job '{"cases": [{"pinner": "null", "size": "1023T"}]}'
fails 2 'cases[0].size: 1023T is out of range: 1 to 1T' run -c job.json
fails 2 '-p.samples: 0 is out of range: 1 to 1000000' run -p samples=0
fails 2 '-p: unknown key "pages-per-call"; did you mean "pages_per_call"?' run -p pages-per-call=1
fails 2 'no pinner "gup-test/pin-fats"; did you mean "gup-test/pin-fast"?' run -p pinner=gup-test/pin-fats
fails 2 'no layout "thp2M"; did you mean "thp-2M"?' run -p layout=thp2M
fails 2 'no state "exclusiv"; did you mean "exclusive"?' run -p state=exclusiv
fails 2 'no window "tial"; did you mean "tail"?' run -p window=tial
fails 2 'window 1K+4K does not lie on base pages' run -p window=1K+4K
fails 2 'more than 100000 cases' run -c "$top/configs/full.json" -p pinner='*' -p layout='*,hugetlb-*' -p state='*' \
	-p window="$(seq -s, -f '0+%.0fM' 1 250)" -p pages_per_call="$(seq -s, 1 250)"

# --- places to write to ---
fails 2 'No such file or directory' run -o no/such/dir/x.json
fails 2 "--label: up to 64 printable characters" run --label a/b -o x.json
if [ -e x.json ]; then
	echo "not ok - a refused run left x.json"
	bad=1
fi
mkdir locked
if [ "$(id -u)" -eq 0 ]; then
	user="setpriv --reuid=65534 --regid=65534 --clear-groups"
	cp "$pinbench" ./program
	# shellcheck disable=SC2086
	fails 2 'Permission denied' $user ./program run $quiet -o locked/x.json
else
	chmod 555 locked
	fails 2 'Permission denied' run -o locked/x.json
fi

# A full disk: one page of tmpfs, in a mount namespace that goes with its processes.
if unshare -rm true 2>/dev/null; then
	mkdir full
	# shellcheck disable=SC2016 # expanded by the inner shell
	fails 2 'No space left on device' unshare -rm sh -c '
		mount -t tmpfs -o size=4k,mode=755 none full && "$@"
		code=$?
		[ -z "$(ls -A full)" ] || echo "something is left on the full disk"
		exit $code' - "$pinbench" run -q -p pinner=null -p samples=1000 -o full/x.json
else
	echo "ok - full disk # SKIP no user namespaces here"
fi

# --- no names of users in a result ---
mkdir -p home/somebody
if run -p layout=base -o "$dir/home/somebody/x.json" 2>err && grep -q '"[^"]*~/x.json"' home/somebody/x.json &&
	! grep -q somebody home/somebody/x.json; then
	echo "ok - a result does not say whose home it was written to"
else
	echo "not ok - the command in a result names a user"
	bad=1
fi

# --- nothing could run, interrupted ---
"$pinbench" run -p pinner=null -p layout=hugetlb-512G -o nothing.json >out 2>err
code=$?
if [ $code -eq 4 ] && grep -q 'this kernel .* hugetlb' out && grep -q '"skipped"' nothing.json; then
	echo "ok - nothing could run: 4, with the reason on stdout and in the file"
else
	echo "not ok - nothing could run: exit $code"
	sed 's/^/# /' out err
	bad=1
fi
# a process for every sample: minutes of it
"$pinbench" run -q -p pinner=null -p layout=base -p state=shared -p samples=20000 -p timeout_s=600 -o stopped.json >out 2>err &
child=$!
sleep 2
kill -INT $child
wait $child
code=$?
if [ $code -eq 130 ] && grep -q '"complete": *false' stopped.json && ! grep -q '"failed"' stopped.json &&
	grep -q '"interrupted while ' stopped.json; then
	echo "ok - interrupted: 130, an incomplete file, and no case that failed"
else
	echo "not ok - interrupted: exit $code"
	sed 's/^/# /' err
	bad=1
fi

# --- a case that does not come to its end, one that is too large ---
"$pinbench" run -q -p pinner=null -p layout=base -p state=exclusive,shared -p access=read -p window=head -p samples=20000 \
	-p timeout_s=1 -o late.json >out 2>err
code=$?
if [ $code -eq 1 ] && grep -q '"no end within the deadline while ' late.json && grep -q '"complete": *true' late.json &&
	grep -q '"done"' late.json; then
	echo "ok - a deadline: that case failed, the others were measured"
else
	echo "not ok - a deadline: exit $code"
	sed 's/^/# /' err
	bad=1
fi
"$pinbench" run -q -p pinner=null -p layout=base -p size=1T -p window=head -o large.json >out 2>err
code=$?
if [ $code -eq 4 ] && grep -q 'a run takes a quarter of that at most' large.json; then
	echo "ok - more than a quarter of the memory is refused"
else
	echo "not ok - more than a quarter of the memory: exit $code"
	sed 's/^/# /' err
	bad=1
fi

# --- result files ---
run -c "$top/configs/quick.json" -p layout=base -o good.json >out 2>err || { sed 's/^/# /' err; bad=1; }
"$pinbench" compare good.json >out 2>err || { echo "not ok - what is in good.json"; bad=1; }
fails 2 'the same file on both sides: good.json' "$pinbench" compare good.json good.json
head -c "$(($(wc -c <good.json) / 2))" good.json >half.json
fails 2 'half.json:' "$pinbench" compare half.json good.json
fails 2 'none.json: cannot read: No such file or directory' "$pinbench" compare good.json none.json
head -c 4096 /dev/zero >zero.json
fails 2 'zero.json' "$pinbench" compare good.json zero.json
echo '{"schema": "urn:other:1"}' >other.json
fails 2 'other.json' "$pinbench" compare other.json good.json
fails 2 '-o FILE.svg or -o FILE.png is missing' "$pinbench" plot bars good.json
fails 2 'x.gif' "$pinbench" plot bars good.json -o x.gif
exit $bad
