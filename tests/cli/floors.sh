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
	mkdir "$dir/src" "$dir/bench"
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
caught "a lower floor that includes a higher one" src/report.c '#include "plan.h"'
caught "a pinner whose times a test build cannot lengthen" bench/pin_x.c 'start = clock_now(); end = clock_now();'
caught "a pinner that includes the run" bench/pin_x.c '#include "run.h"'
caught "the contract that includes the flow" bench/bench.h '#include "config.h"'
caught "a library outside its fence" src/plan.c '#include <jansson.h>'
caught "hwloc outside topology" bench/pin_x.c '#include <hwloc.h>'
caught "a file without a floor" src/surprise.c 'int surprise;'
caught "a header without a floor" src/run.c '#include "surprise.h"'
caught "printing below the verbs" src/plan.c '	printf("x");'
caught "printing to stderr below the verbs" bench/pin_x.c '	fprintf(stderr, "x");'
caught "leaving below the verbs" src/run.c '	exit(1);'
caught "a shell" src/cmd_plot.c '	system("gnuplot");'
exit $bad
