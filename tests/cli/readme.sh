#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What README.md and docs/ show is what the program prints: after "<!-- shows: VERB ... -->" each line of the block is a line of the
# output, in that order. Files that it links to exist.
set -u
export LC_ALL=C.UTF-8
pinbench=${PINBENCH:-./pinbench}
bad=0 nr=0 links=0

while IFS=: read -r file line command; do
	nr=$((nr + 1))
	command=${command#*shows: } command=${command% -->}
	block=$(awk -v mark="$line" 'NR == mark { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next } inside' "$file")
	# shellcheck disable=SC2086 # words of a command
	if missing=$(awk 'NR == FNR { want[++nr] = $0; next } at < nr && $0 == want[at + 1] { at++ }
		END { if (!nr || at < nr) { print want[at + 1]; exit 1 } }' \
		<(printf '%s\n' "$block") <("$pinbench" $command)); then
		echo "ok - $file:$line shows what 'pinbench $command' prints"
	else
		echo "not ok - $file:$line: 'pinbench $command' does not print: $missing"
		bad=1
	fi
done < <(grep -n '^<!-- shows: .* -->$' README.md docs/*.md)
[ $nr -gt 0 ] || { echo "not ok - README.md shows nothing"; bad=1; }

while IFS= read -r target; do
	links=$((links + 1))
	if [ -e "$target" ]; then
		echo "ok - README.md links to $target"
	else
		echo "not ok - README.md links to $target, which is not there"
		bad=1
	fi
done < <(grep -o '](\([^)]*\))' README.md | sed 's/^](//; s/)$//' | grep -v '^https:')
[ $links -gt 0 ] || { echo "not ok - README.md links to nothing"; bad=1; }
exit $bad
