#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The include-floor check holds here, and fails for each thing that it forbids.
set -u
check=$PWD/tests/check_floors.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

caught() # WHAT FILE LINE...: a tree with only this file must be refused
{
	what=$1 file=$2
	shift 2
	rm -rf "$dir/src" "$dir/bench"
	mkdir -p "$dir/src/plan" "$dir/src/vm" "$dir/bench" "$(dirname "$dir/$file")"
	for header in src/plan/plan src/plan/config src/vm/lab; do
		echo '/* SPDX-License-Identifier: GPL-2.0-or-later */' >"$dir/$header.h"
	done
	printf '%s\n' '/* SPDX-License-Identifier: GPL-2.0-or-later */' '#include "plan/config.h"' >"$dir/src/plan/circle.h"
	{
		echo '/* SPDX-License-Identifier: GPL-2.0-or-later */'
		printf '%s\n' "$@"
	} >"$dir/$file"
	if "$check" "$dir" >"$dir/out" 2>&1; then
		echo "not ok - passed: $what"
		bad=1
	else
		echo "ok - refused: $what"
	fi
}

"$check" || bad=1
docs/rooms.py --check || bad=1
caught "a room that includes one to its right" src/result/results.c '#include "plan/plan.h"'
caught "a room that includes its neighbour" src/turns/turns.c '#include "vm/lab.h"'
caught "an include that is no path" src/plan/plan.c '#include "config.h"'
caught "two files that include each other" src/plan/config.c '#include "plan/circle.h"' # its header asks back
caught "a pinner whose times a test build cannot lengthen" bench/pin_x.c 'start = clock_now(); end = clock_now();'
caught "a pinner that includes the plan" bench/pin_x.c '#include "plan/plan.h"'
caught "the contract that includes the plan" bench/bench.h '#include "plan/config.h"'
caught "a library outside its fence" src/run/run.c '#include <jansson.h>'
caught "hwloc outside topology" bench/pin_x.c '#include <hwloc.h>'
caught "a file without a room" src/surprise.c 'int surprise;'
caught "a room that nobody knows" src/surprise/surprise.c 'int surprise;'
caught "printing below the verbs" src/plan/plan.c '	printf("x");'
caught "printing to stderr below the verbs" bench/pin_x.c '	fprintf(stderr, "x");'
caught "leaving below the verbs" src/run/run.c '	exit(1);'
caught "a shell" src/cmd/plot.c '	system("gnuplot");'
exit $bad
