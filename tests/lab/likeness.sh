#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's kernels count like the distribution's: Linux 6.12 for x86_64 and arm64 against Debian's cloud image of the same
# version, the code of hot functions without a boot, then every row that both can run, in instructions. One boot a side:
# another placement of memory changes 0.3 % at most (docs/lab.md). O_DIRECT is not among them: a stock image has no device
# for it in a guest without disks.
# shellcheck source=tests/lab/common.bash
. "$(dirname "$0")/common.bash"

# A missing option has to be noticed: the check is tried on a list from which one is gone.
copy=$dir/lab
cp -r lab "$copy"
sed -i '/^USER_RETURN_NOTIFIER /d' "$copy/config/unlike.list"
kernel like-6.12 >/dev/null
"$copy/likeness.sh" check like-6.12 >"$dir/out" 2>&1
same "an option that no list explains: status" $? 1
holds "... is asked for, with both values" grep -q 'USER_RETURN_NOTIFIER: Debian y, here n' "$dir/out"

for arch in x86_64 arm64; do
	name=like-6.12
	[ $arch = x86_64 ] || name=like-6.12-$arch
	image=$(kernel $name) stock=$(lab/stock.sh 6.12 $arch) || give_up "Debian's kernel for $arch"
	make -s ARCH=$arch guest >"$dir/make" 2>&1 || give_up "a guest of $arch: $(tail -3 "$dir/make")"
	lab/likeness.sh check $name >"$dir/out"
	same "$arch: every difference of an option is explained" $? 0
	part=$(sed -nE 's/.* functions, ([0-9]+)\.[0-9] % of what is executed/\1/p' "$dir/out")
	# Debian's cross compiler can be older than the one that built its kernel, and lays frames out otherwise: two instructions in
	# every function that has one (CVE-2023-4039).
	least=90
	[ "$(sed -nE 's/^  .*gcc.*\(Debian ([^)]*)\).*/\1/p' "$dir/out" | sort -u | wc -l)" = 1 ] || least=60
	holds "$arch: at least $least of 100 instructions are of functions with the same code: $part" [ "${part:-0}" -ge $least ]

	boot --clock icount --boots 1 --timeout 1200 -k "stock=$stock/image" -k "like=$image" -- run -c configs/likeness.json
	stock_file=$(file_of stock) like_file=$(file_of like)
	if [ ! -f "$stock_file" ] || [ ! -f "$like_file" ]; then
		not_ok "$arch: no results: $(tail -3 "$dir/err")"
		continue
	fi
	same "$arch: the result says whose likeness it is" "$(jq -r .environment.config.like "$like_file")" debian-6.12
	# Percent, sorted, of every time of every case: the middle of the samples that are no warm-up.
	jq -rn --slurpfile stock "$stock_file" --slurpfile like "$like_file" '
		def times: [.results[] | select(.status == "done") | .key as $key | .runs[0].samples | to_entries[] |
			select(.value | type == "array") | {key: "\($key) \(.key)", value: (.value | sort | .[length / 2 | floor])}] | from_entries;
		($stock[0] | times) as $a | ($like[0] | times) as $b | $a | keys[] | select($b[.] and $a[.] > 0) |
		[(($b[.] / $a[.] - 1) * 100 | fabs), .] | @tsv' | sort -g >"$dir/rows"
	nr=$(wc -l <"$dir/rows")
	holds "$arch: there are at least 36 rows: $nr" [ "$nr" -ge 36 ]
	within() { awk -v limit="$1" '$1 <= limit' "$dir/rows" | wc -l; }
	middle=$(sed -n "$(((nr + 1) / 2))p" "$dir/rows" | cut -f1)
	holds "$arch: the middle difference is at most 1 %: $middle" [ "$(awk -v x="$middle" 'BEGIN { print x <= 1 }')" = 1 ]
	holds "$arch: 95 % of the rows are within 3 %: $(within 3) of $nr" [ $(($(within 3) * 100)) -ge $((nr * 95)) ]
	same "$arch: none is over 5 %" "$(awk '$1 > 5' "$dir/rows")" ""
	sed -n '$s/^/# most: /p' "$dir/rows"
done
exit $bad
