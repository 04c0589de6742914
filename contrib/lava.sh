#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: contrib/lava.sh [OPTION-OF-RUN...]      on a device of LAVA or tuxrun: measures, and reports each case and each time
#
# Outside LAVA, where there is no lava-test-case, it prints KTAP only. Exits as "pinbench export ktap": 0, 1 or 4.
set -u
pinbench=${PINBENCH:-pinbench}
results=${RESULTS:-pinbench.json}
rm -f "$results"
"$pinbench" run -q "$@" -o "$results" >&2
[ -f "$results" ] || exit 1
"$pinbench" export ktap "$results"
code=$?
command -v lava-test-case >/dev/null || exit $code

# Names of LAVA have no commas, slashes, plus or equals signs.
name='s/[^A-Za-z0-9._-]/_/g'
"$pinbench" export ktap "$results" | sed -nE \
	-e 's/^not ok [0-9]+ (.*)/\1 fail/p' -e 's/^ok [0-9]+ (.*) # SKIP.*/\1 skip/p' -e 's/^ok [0-9]+ (.*)/\1 pass/p' |
	while read -r case result; do
		lava-test-case "$(echo "$case" | sed "$name")" --result "$result"
	done
"$pinbench" export prometheus "$results" |
	sed -nE 's/^pinbench_time_seconds\{.*case="([^"]*)",metric="([a-z]*)"\} (.*)/\1-\2 \3/p' |
	while read -r case seconds; do
		lava-test-case "$(echo "$case" | sed "$name")" --result pass --measurement "$seconds" --units seconds
	done
exit $code
