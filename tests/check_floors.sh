#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The floors of the house: a file includes headers of its own floor or below, never of one above, and the libraries
# stay behind their fences. A file that is not named here fails: decide where it lives.
# tests/check_floors.sh [DIR]: DIR has src/ and bench/.
# shellcheck disable=SC2013 # names of headers have no spaces
set -u
cd "${1:-.}" || exit 2
bad=0

complain()
{
	echo "not ok - $*"
	bad=$((bad + 1))
}

floor() # FILE without its directory
{
	case $1 in
	main.c) echo 7 ;;
	cmd.[ch] | cmd_*.[ch]) echo 6 ;;
	config.[ch] | job.[ch] | plan.[ch] | plan_*.[ch] | pick.[ch] | window.[ch]) echo 5 ;;
	run.[ch] | run_*.[ch] | round.[ch] | round_*.[ch] | expect.[ch] | measure.[ch] | aftermath.[ch] | scene.[ch] | progress.[ch] | interleave.[ch] | interleave_*.[ch] | pass.[ch] | pairing.[ch] | placement.[ch] | settle.[ch]) echo 5 ;;
	lab.[ch] | lab_*.[ch] | doctor.[ch] | doctor_*.[ch]) echo 5 ;;
	bench.h) echo 3 ;;
	report.[ch] | report_*.[ch] | compare.[ch] | compare_*.[ch] | plot.[ch] | plot_*.[ch]) echo 2 ;;
	import_*.[ch] | comparable.[ch] | side.[ch] | grid.[ch] | footnotes.[ch] | heading.[ch] | schedule.[ch] | summary.[ch] | verdict.[ch] | verdict_*.[ch] | gate.[ch] | gate_*.[ch] | table.[ch] | table_*.[ch] | unshare.[ch]) echo 2 ;;
	steady.[ch] | precision.[ch]) echo 2 ;;
	environment.[ch] | environment_*.[ch] | topology.[ch] | stats.[ch] | noise.[ch] | fact.[ch]) echo 1 ;;
	kconfig.[ch] | hypervisor.[ch] | mounts.[ch] | rank.[ch] | rank_*.[ch] | trend.[ch]) echo 1 ;;
	guardian.[ch] | journal.[ch] | journal_*.[ch] | hugepage.[ch] | kernel_log.[ch] | pin_counters.[ch]) echo 1 ;;
	sysfile.[ch] | error.[ch] | sample.[ch] | cleanup.h | size.[ch] | suggest.[ch] | text.[ch] | version.h | json_seed.[ch] | crc32.[ch]) echo 0 ;;
	child.[ch]) echo 0 ;;
	digest.[ch] | infile.[ch] | memory.[ch] | outfile.[ch] | probe.[ch] | program.[ch] | random.[ch]) echo 0 ;;
	*) echo none ;;
	esac
}

fence() # LIBRARY-HEADER FILE: may this file include that header?
{
	case $1:$2 in
	jansson.h:src/compare_json.c | jansson.h:src/config.c | jansson.h:src/report_*.[ch] | jansson.h:src/report.c | jansson.h:src/json_seed.c) ;;
	jansson.h:src/cmd_list.c | jansson.h:src/cmd_doctor.c | jansson.h:src/lab*.c) ;; # verbs that print or read JSON of their own
	hwloc.h:src/topology.c | numa.h:src/topology.c | numaif.h:src/topology.c) ;;
	liburing.h:bench/pin_io_uring.c | linux/io_uring.h:bench/pin_io_uring.c) ;;
	linux/vfio.h:bench/pin_vfio*.c) ;;
	err.h:*) complain "$2 includes <err.h>: only the verbs print, and they have their own words" ;;
	jansson.h:* | hwloc*:* | numa.h:* | numaif.h:* | liburing.h:* | linux/io_uring.h:* | linux/vfio.h:*)
		complain "$2 includes <$1>, which is behind a fence" ;;
	esac
}

nr=0
for path in src/*.[ch] bench/*.[ch]; do
	[ -f "$path" ] || continue
	nr=$((nr + 1))
	name=${path##*/}
	case $path in
	bench/bench.h) own=3 ;;
	bench/*) own=4 ;;
	*) own=$(floor "$name") ;;
	esac
	if [ "$own" = none ]; then
		complain "$path: no floor in tests/check_floors.sh"
		continue
	fi
	for header in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$path"); do
		if [ "$header" = bench.h ]; then
			its=3
		elif [ -f "bench/$header" ]; then
			its=4
		else
			its=$(floor "$header")
		fi
		if [ "$its" = none ]; then
			complain "$path: no floor for \"$header\""
		elif [ "$its" -gt "$own" ]; then
			complain "$path (floor $own) includes \"$header\" (floor $its)"
		fi
	done
	for header in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*<\([^>]*\)>.*/\1/p' "$path"); do
		fence "$header" "$path"
	done
	case $name in
	main.c | cmd.c | cmd_*.c) ;;
	*)
		# Only the verbs print and exit; children leave by _exit(), and so does memory.c, which says why.
		if grep -nE '(^|[^_[:alnum:]])(printf|puts|putchar|perror|exit)\(' "$path" |
			grep -vE '^[0-9]+:[[:space:]]*(/?\*|//)' | grep . ||
			grep -nE 'std(out|err)[,)]' "$path" | grep -vE '^[0-9]+:[[:space:]]*(/?\*|//)' | grep .; then
			complain "$path prints or exits; that is for the verbs"
		fi ;;
	esac
	if grep -nE '(^|[^_[:alnum:]])(system|popen)\(' "$path" |
		grep -vE '^[0-9]+:[[:space:]]*(/?\*|//)' | grep .; then
		complain "$path runs a shell"
	fi
	case $path in
	bench/pin_*.c)
		# else a build with INJECT= would not be slower there
		! grep -q 'clock_now()' "$path" || grep -q 'clock_end(' "$path" ||
			complain "$path times without clock_end()" ;;
	esac
	grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' "$path" || complain "$path: no SPDX line"
done
[ "$nr" -gt 0 ] || complain "no source files here"
[ "$bad" -eq 0 ] && echo "ok - the floors hold in $nr files"
[ "$bad" -eq 0 ]
