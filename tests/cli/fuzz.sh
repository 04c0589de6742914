#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Random result files for FUZZ_SECONDS (5): no crash, no undefined behaviour, nothing that steers a terminal.
# For longer: FUZZ_SECONDS=600 FUZZ_CORPUS=build/corpus tests/cli/fuzz.sh
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
corpus=${FUZZ_CORPUS:-$dir/corpus}
seconds=${FUZZ_SECONDS:-5}
mkdir -p "$corpus"

echo 'int LLVMFuzzerTestOneInput(const char *bytes, long size); int LLVMFuzzerTestOneInput(const char *bytes, long size)
{ return bytes && size < 0; }' >"$dir/probe.c"
if ! clang -fsanitize=fuzzer,address,undefined -o "$dir/probe" "$dir/probe.c" 2>/dev/null; then
	echo "ok - fuzzing # SKIP clang with libFuzzer is not installed (make deps)"
	exit 0
fi
# shellcheck disable=SC2046 # the flags are words
if ! clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 -D_GNU_SOURCE -Isrc \
	$(pkg-config --cflags jansson) -o "$dir/fuzz" tests/fuzz/fuzz_report.c src/report*.c src/compare*.c src/table*.c \
	src/unshare.c src/summary.c src/heading.c src/grid.c src/stats.c src/outfile.c src/fact.c src/text.c src/size.c \
	src/error.c src/sample.c $(pkg-config --libs jansson) -lm; then
	echo "not ok - the fuzz target does not build"
	exit 1
fi
if "$dir/fuzz" -seed=1 -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$dir/" \
	-dict=tests/fuzz/report.dict "$corpus" tests/fixtures >"$dir/log" 2>&1; then
	echo "ok - fuzzed: $(grep -o '^Done .*' "$dir/log")"
	exit 0
fi
tail -40 "$dir/log"
for input in "$dir"/crash-* "$dir"/timeout-* "$dir"/oom-*; do
	[ -f "$input" ] && cp "$input" . && echo "# kept ./${input##*/}"
done
echo "not ok - fuzzing found something"
exit 1
