#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The floors of the house: a file includes headers of its own floor or below, never of one above, and the libraries
# stay behind their fences. A file that is not named here fails: decide where it lives.
# tests/check_floors.sh [DIR]: DIR has src/ and bench/.
set -u
cd "${1:-.}" || exit 2

# A floor, then its files of src/ without their endings; NAME_ stands for all that begin so. bench/ is 4, its contract 3.
floors='0 child cleanup crc32 digest error infile json_seed memory outfile probe program random sample size suggest sysfile
0 text version
1 environment environment_ fact guardian hugepage hypervisor journal journal_ kconfig kernel_log mounts noise pin_counters
1 rank rank_ stats topology trend
2 comparable compare compare_ footnotes gate gate_ grid heading import_ plot plot_ precision report report_ schedule side
2 steady summary table table_ unshare verdict verdict_
5 aftermath config doctor doctor_ expect interleave interleave_ job lab lab_ measure pairing pass pick placement plan plan_
5 progress round round_ run run_ scene settle window
6 cmd cmd_
7 main'
# LIBRARY-HEADER FILES: a regular expression each; the verbs print and read JSON of their own.
fences='^jansson\.h$ ^src/(compare_json|config|report|json_seed|cmd_list|cmd_doctor)\.c$|^src/report_.*\.[ch]$|^src/lab.*\.c$
^(hwloc.*|numa|numaif)\.h$ ^src/topology\.c$
^(liburing|linux/io_uring)\.h$ ^bench/pin_io_uring\.c$
^linux/vfio\.h$ ^bench/pin_vfio.*\.c$
^err\.h$ ^$'

found=$(find src bench -maxdepth 1 -name '*.[ch]' 2>/dev/null | sort)
[ -n "$found" ] || { echo "not ok - no source files here" && exit 1; }
# shellcheck disable=SC2086 # names of files have no blanks
awk -v floors="$floors" -v fences="$fences" '
function complain(text) { print "not ok - " text; bad++ }
function floor(path,   unit) { # "": it has none
	if (path ~ /^bench\//)
		return path == "bench/bench.h" ? 3 : 4
	unit = path
	gsub(/^src\/|\.[ch]$/, "", unit)
	while (!(unit in place) && sub(/_?[^_]*$/, "", unit) && unit)
		unit = unit "_" in place ? unit "_" : unit
	return unit in place ? place[unit] : ""
}
function file_end() {
	if (path && !spdx)
		complain(path ": no SPDX line")
	# else a build with INJECT= would not be slower there
	if (path ~ /^bench\/pin_/ && starts && !ends)
		complain(path " times without clock_end()")
}
BEGIN {
	nr_lines = split(floors, line, "\n")
	for (i = 1; i <= nr_lines; i++)
		for (j = split(line[i], part, " "); j > 1; j--)
			place[part[j]] = part[1]
	nr_fences = split(fences, fence, "\n")
	for (i = 1; i < ARGC; i++)
		known[ARGV[i]] = 1
}
FNR == 1 {
	file_end()
	path = FILENAME
	own = floor(path)
	spdx = starts = ends = 0
	nr++
	if (own == "")
		complain(path ": no floor in tests/check_floors.sh")
}
/SPDX-License-Identifier: GPL-2.0-or-later/ { spdx = 1 }
/^[ \t]*(\/?\*|\/\/)/ { next }
/^[ \t]*#[ \t]*include[ \t]*"/ && own != "" {
	split($0, part, "\"")
	its = floor(known["bench/" part[2]] ? "bench/" part[2] : part[2] == "bench.h" ? "bench/bench.h" : "src/" part[2])
	if (its == "")
		complain(path ": no floor for \"" part[2] "\"")
	else if (its > own)
		complain(path " (floor " own ") includes \"" part[2] "\" (floor " its ")")
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	header = $0
	gsub(/^[^<]*<|>.*/, "", header)
	for (i = 1; i <= nr_fences; i++) {
		split(fence[i], part, " ")
		if (header ~ part[1] && path !~ part[2])
			complain(path " includes <" header ">, which is behind a fence")
	}
}
# Only the verbs print and exit; children leave by _exit(), and so does memory.c, which says why.
path !~ /^src\/(main|cmd|cmd_[^\/]*)\.c$/ && (/(^|[^_[:alnum:]])(printf|puts|putchar|perror|exit)\(/ || /std(out|err)[,)]/) {
	complain(path ":" FNR " prints or exits; that is for the verbs")
}
/(^|[^_[:alnum:]])(system|popen)\(/ { complain(path ":" FNR " runs a shell") }
/clock_now\(\)/ { starts = 1 }
/clock_end\(/ { ends = 1 }
END {
	file_end()
	if (!bad)
		print "ok - the floors hold in " nr " files"
	exit bad > 0
}' $found
