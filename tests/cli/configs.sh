#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every job file that is shipped says first what it is for, and plans on any kernel: to run or to skip, never an error.
set -u
pinbench=${PINBENCH:-./pinbench}
bad=0

for file in configs/*.json; do
	plan=$("$pinbench" run --dry-run -c "$file" 2>&1)
	code=$?
	cases=$(echo "$plan" | grep -c '^run  \|^skip ')
	last=$(echo "$plan" | tail -n 1)
	if { [ $code -ne 0 ] && [ $code -ne 4 ]; } || [ "$cases" -eq 0 ] || [ "${last%% *}" != "$cases" ]; then
		echo "not ok - $file: exit $code"
		echo "$plan" | tail -n 3 | sed 's/^/# /'
		bad=1
	elif ! sed -n 2p "$file" | grep -q '^  "about": ".*\.",$'; then
		echo "not ok - $file does not begin with a sentence in \"about\""
		bad=1
	else
		echo "ok - $file: $last"
	fi
done
exit $bad
