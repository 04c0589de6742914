#!/bin/bash
# shellcheck disable=SC2181 # the exit code is what is asked about
# SPDX-License-Identifier: GPL-2.0-or-later
# Result files from a pipe and packed: the same answer as from the file itself; --case is one sort of pattern in every verb.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
. tests/cli/tap.bash
base=$PWD/results/reference/seed-1-before.json new=$PWD/results/reference/seed-1-after.json
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

refused() # WHAT PATTERN COMMAND...
{
	local what=$1 pattern=$2 code
	shift 2
	"$@" >out 2>err </dev/null
	code=$?
	[ $code = 2 ] && grep -q -- "$pattern" err
	check "$what is refused" || { echo "# exit $code"; sed 's/^/# /' err; }
}

"$pinbench" compare --format=csv "$base" "$new" >want || exit 1
gzip -c "$new" >new.json.gz
"$pinbench" compare --format=csv "$base" new.json.gz | cmp - want
check "a packed file is the file"
zcat new.json.gz | "$pinbench" compare --format=csv "$base" - | cmp - want
check "so is standard input"
"$pinbench" compare --format=csv "$base" - <new.json.gz | cmp - want
check "and packed standard input"
size=$(wc -c <"$new")
{ head -c 1000 "$new" | gzip; tail -c +1001 "$new" | gzip; } >two.json.gz
"$pinbench" compare --format=csv "$base" two.json.gz | cmp - want
check "several gzip members are one file ($size bytes)"
mkdir packed && cp new.json.gz packed/
"$pinbench" compare --format=csv "$base" packed | cmp - want
check "a directory has packed files"
head -c 2000 new.json.gz >cut.json.gz
refused "a packed file that ends too early" 'cut.json.gz: the gzip data is damaged or ends too early' "$pinbench" compare "$base" cut.json.gz
head -c 70000000 /dev/zero | gzip >bomb.json.gz
refused "what is too large unpacked" 'bomb.json.gz: unpacked it is above the limit of 64 MiB' "$pinbench" compare "$base" bomb.json.gz
refused "empty standard input" '-: nothing on standard input' "$pinbench" compare "$base" -
cat "$new" >copy.json
refused "a copy of a packed file" 'copy' "$pinbench" compare new.json.gz copy.json

# hugetlb-64K in one pattern and in the expression that means the same
for verb in compare gate; do
	"$pinbench" $verb --case '*,hugetlb-64K,*' "$base" "$new" >glob 2>&1
	"$pinbench" $verb --filter ',hugetlb-64K,' "$base" "$new" >regex 2>&1
	diff <(sed 's/\*,hugetlb-64K,\*/,hugetlb-64K,/' glob) regex >/dev/null
	check "$verb: --case and --filter take the same cases"
done
lines() { "$pinbench" export csv "$@" "$new" | tail -n +2 | wc -l; }
[ "$(lines --case '*,hugetlb-64K,*')" -gt 0 ] && [ "$(lines --case '*,hugetlb-64K,*')" = "$(lines --only '*,hugetlb-64K,*')" ] &&
	[ "$(lines --case '*,hugetlb-64K,*')" -lt "$(lines)" ]
check "export: --case is --only"
"$pinbench" gate --case '*,hugetlb-[26]4K,*,n=?' --fail-on hit_rate:exact "$base" "$new" >out 2>&1
check "sets and single characters" || sed 's/^/# /' out
"$pinbench" gate --case 'hugetlb-64K' --fail-on hit_rate:exact "$base" "$new" >out 2>&1
[ $? = 2 ]
check "a pattern is for the whole key" || sed 's/^/# /' out
"$pinbench" run --dry-run --case 'null,*,read*' >out 2>&1
[ "$(grep -c '^run  \|^skip ' out)" -ge 1 ] && ! grep '^run  \|^skip ' out | grep -qv ' null,[^ ]*,read'
check "run measures what --case takes" || sed 's/^/# /' out
if command -v gnuplot >/dev/null; then
	"$pinbench" plot hit "$base" packed --case '*,hugetlb-*' -o x.svg && [ -s x.svg ]
	check "plot takes a directory"
fi
exit $bad
