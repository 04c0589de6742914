#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/result-1.schema.json, the program that writes result files and the one that reads them agree.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"

# A file that could not be read again is refused before anything is measured.
"$pinbench" run --dry-run -p pinner=null -p runs=2 -p samples=500001 >"$dir/out" 2>"$dir/err"
if [ $? -eq 2 ] && [ ! -s "$dir/out" ] && grep -q 'a result holds 1000000 in 1000' "$dir/err"; then
	echo "ok - more samples than a result holds are refused"
else
	cat "$dir/err"
	echo "not ok - more samples than a result holds are refused"
	exit 1
fi

"$pinbench" run --dry-run -p pinner=null -p layout=base -p runs=1000 -p samples=1 -p warmup=0 -p size=2M \
	-p "window=$(seq -f '%.0fK+4K' -s , 0 4 400)" >"$dir/out" 2>"$dir/err"
if [ $? -eq 2 ] && [ ! -s "$dir/out" ] && grep -q 'objects and lists, a result file holds 10000, 4000000 and 500000' "$dir/err"; then
	echo "ok - more runs than a file holds are refused"
else
	cat "$dir/out" "$dir/err"
	echo "not ok - more runs than a file holds are refused"
	exit 1
fi

if ! python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
	echo "ok - the schema # SKIP python3-jsonschema is not installed (make deps)"
	exit 0
fi
# What the program writes here and now: cases that are done, and cases that are skipped where there is no gup_test.
small="-q -p layout=base -p state=exclusive -p window=head -p pages_per_call=1 -p size=4K -p samples=2 -p warmup=1"
# shellcheck disable=SC2086 # the options are words
"$pinbench" run $small -p pinner=null -o "$dir/null.json" >/dev/null 2>&1
# shellcheck disable=SC2086
"$pinbench" run $small -p pinner=gup-test/pin-fast -o "$dir/skipped.json" >/dev/null 2>&1
for file in null skipped; do
	[ -s "$dir/$file.json" ] || { echo "not ok - pinbench run wrote no $file.json"; exit 1; }
done
# shellcheck disable=SC2046 # names of these files have no spaces
python3 tests/result_format.py "$pinbench" $(grep -l urn:pinbench:result:1 tests/fixtures/*.json results/reference/*.json 2>/dev/null) \
	"$dir"/*.json
