#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/run takes for passed what says so, and nothing else.
set -u
run=$PWD/tests/run
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

judged() # WHAT STATUS LAST-LINE SCRIPT: how tests/run ends for a test that is this script
{
	local what=$1 status=$2 last=$3 got
	printf '#!/bin/sh\n%s\n' "$4" >"$dir/test"
	chmod 755 "$dir/test"
	PINBENCH_TEST_TIMEOUT=1 "$run" "$dir/test" >"$dir/out" 2>&1
	got=$?
	[ $got -eq "$status" ] && [ "$(tail -n 1 "$dir/out")" = "$last" ]
	check "$what: $last" || sed 's/^/# /' "$dir/out"
}

judged "two lines" 0 "2 passed, 0 failed, 0 skipped" 'echo ok 1; echo ok - 2'
judged "silence" 1 "0 passed, 1 failed, 0 skipped" ':'
judged "words that are no test line" 1 "0 passed, 1 failed, 0 skipped" 'echo all is okay'
judged "skipped, with the reason" 0 "0 passed, 0 failed, 1 skipped" 'echo "ok - x # SKIP no such thing"; exit 77'
judged "skipped in silence" 1 "0 passed, 1 failed, 0 skipped" 'exit 77'
judged "skipped after a line that is none" 1 "1 passed, 1 failed, 0 skipped" 'echo ok; exit 77'
judged "fewer lines than planned" 1 "1 passed, 1 failed, 0 skipped" 'echo 1..2; echo ok 1'
judged "two plans, both kept" 0 "2 passed, 0 failed, 1 skipped" 'echo 1..1; echo ok 1; echo 1..2; echo ok 1; echo "not ok 2 # SKIP x"'
judged "a line that failed, and status 0" 1 "1 passed, 1 failed, 0 skipped" 'echo ok; echo not ok'
judged "an error after good lines" 1 "1 passed, 1 failed, 0 skipped" 'echo ok; exit 3'
judged "killed by a signal" 1 "1 passed, 1 failed, 0 skipped" 'echo ok; kill -SEGV $$'
judged "no end" 1 "1 passed, 1 failed, 0 skipped" 'echo ok; exec sleep 20'
"$run" "$dir/none" >"$dir/out" 2>&1
[ $? -eq 1 ]
check "a test that is not there has failed"
exit $bad
