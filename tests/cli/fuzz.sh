#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random result files, logs of gup_test, journals, job files and frames of a guest for FUZZ_SECONDS
# (5) each: no crash, no undefined behaviour, nothing that steers a terminal, nothing imported that
# could not be read again. Seeds are small: an execution costs what its input is long.
# For longer: FUZZ_SECONDS=600 FUZZ_CORPUS=build/corpus tests/cli/fuzz.sh
set -u
if grep -q __asan_init "${PINBENCH:-./pinbench}" 2>/dev/null; then
	echo "ok - fuzzing # SKIP the targets bring their own sanitizers, and ran with the usual build"
	exit 0
fi
dir=$(mktemp -d) || exit 1
# what libFuzzer finds is a file each: in memory, where it costs nothing; not the programs, as /dev/shm may be noexec
memory=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$dir" "$memory"' EXIT
seconds=${FUZZ_SECONDS:-5}
bad=0

echo 'int LLVMFuzzerTestOneInput(const char *bytes, long size); int LLVMFuzzerTestOneInput(const char *bytes, long size)
{ return bytes && size < 0; }' >"$dir/probe.c"
if ! clang -fsanitize=fuzzer,address,undefined -o "$dir/probe" "$dir/probe.c" 2>/dev/null; then
	echo "ok - fuzzing # SKIP clang with libFuzzer is not installed (make deps)"
	exit 0
fi

fuzz() # TARGET SEEDS SOURCE...: tests/fuzz/fuzz_TARGET.c with tests/fuzz/TARGET.dict
{
	local target=$1 seeds=$2 corpus=${FUZZ_CORPUS:-$memory}/$1 input
	shift 2
	mkdir -p "$corpus"
	# shellcheck disable=SC2046 # the flags are words
	if ! clang -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-coverage=trace-cmp -fsanitize-trap=undefined \
		-std=gnu11 -D_GNU_SOURCE -I. -Isrc \
		$(pkg-config --cflags jansson) -o "$dir/fuzz-$target" "tests/fuzz/fuzz_$target.c" "$@" \
		$(pkg-config --libs jansson libmd zlib) -lm; then
		echo "not ok - the fuzz target $target does not build"
		bad=1
		return
	fi
	# how rare a feature is costs a quarter of an execution to count, for nothing in some seconds;
	# freed memory is kept for a while to find its use: 256 MiB of it would be fetched page by page
	if ASAN_OPTIONS=quarantine_size_mb=1:malloc_context_size=1 \
		"$dir/fuzz-$target" -seed=1 -entropic=0 -print_funcs=0 -max_total_time="$seconds" \
		-max_len=4096 -timeout=10 -rss_limit_mb=1024 \
		-artifact_prefix="$dir/$target-" -dict="tests/fuzz/$target.dict" "$corpus" "$seeds" >"$dir/log" 2>&1; then
		echo "ok - fuzzed $target: $(grep -o '^Done .*' "$dir/log")"
		return
	fi
	tail -40 "$dir/log"
	for input in "$dir/$target"-{crash,timeout,oom}-*; do
		[ -f "$input" ] && cp "$input" . && echo "# kept ./${input##*/}"
	done
	echo "not ok - fuzzing found something in $target"
	bad=1
}

# a case or two of each kind of file, a log of each shape
mkdir "$dir/seeds-report" "$dir/seeds-import" || exit 1
for input in tests/fixtures/*.json; do
	jq -c 'def few(n): with_entries(.value |= if type == "array" then .[:n] else . end);
		def run: .samples |= few(3) | .warmup |= (. // {} | few(1));
		.results |= (.[:2] | map(if .runs then .runs |= (.[:2] | map(run)) else . end))' \
		"$input" >"$dir/seeds-report/${input##*/}" || exit 1
done
cp tests/fixtures/logs/[!s]* "$dir/seeds-import" &&
	csplit -sz -f "$dir/seeds-import/" \
		<(sed '/^--- $/,/^===/{/^===/!d}' tests/fixtures/logs/shapes.txt) '/^=== /' '{*}' &&
	sed -i '/^=== /d' "$dir/seeds-import/"[0-9]* || exit 1

results=(src/result/*.c src/base/{error,outfile,fact,text,metric,infile,random}.c)
fuzz report "$dir/seeds-report" "${results[@]}" src/stats/*.c src/{verdict,compare,print,format}/*.c
fuzz import "$dir/seeds-import" "${results[@]}" src/import/*.c
fuzz journal tests/fixtures/journals src/host/{journal_file,sysfile}.c src/base/{error,memory}.c
fuzz config configs src/plan/{config,place}.c src/base/{infile,error,text}.c
fuzz channel tests/fuzz/channel src/vm/channel.c src/base/{text,error}.c
exit $bad
