#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The rooms of the house: a file includes its own room or those before it, by path, and no two files include each
# other, also not through others. The libraries stay behind their fences.
# tests/check_floors.sh [DIR]: DIR has src/ and bench/.
set -u
cd "${1:-.}" || exit 2

# From left to right; rooms of one line do not know each other. docs/architecture.md says what each is for.
rooms='base
host
result
stats
bench
verdict
compare
print
format
plan
run
history
plot import export turns vm
page
cmd'
# LIBRARY-HEADER FILES: a regular expression each.
fences='^jansson\.h$ ^src/(result|print|format|plan|history|export|vm|cmd)/
^sqlite3\.h$ ^src/history/
^(hwloc.*|numa|numaif)\.h$ ^src/host/topology\.c$
^(liburing|linux/io_uring)\.h$ ^bench/pin_io_uring\.c$
^linux/vfio\.h$ ^bench/pin_vfio.*\.c$
^err\.h$ ^$'

found=$(find src bench -name '*.[ch]' 2>/dev/null | sort)
[ -n "$found" ] || { echo "not ok - no source files here" && exit 1; }
# shellcheck disable=SC2086 # names of files have no blanks
awk -v rooms="$rooms" -v fences="$fences" '
function complain(text) { print "not ok - " text; bad++ }
function room(path) { # of a path below src/, or bench/
	sub(/^src\//, "", path)
	return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : ""
}
function unit(path) { # a header and its file are one
	sub(/\.[ch]$/, "", path)
	return path
}
function file_end() {
	if (path && !spdx)
		complain(path ": no SPDX line")
	# else a build with INJECT= would not be slower there
	if (path ~ /^bench\/pin_/ && starts && !ends)
		complain(path " times without clock_end()")
}
# Depth first: a unit that is met again while it is open closes a circle.
function walk(name, trail,   i, n, next_unit) {
	state[name] = "open"
	n = split(edges[name], next_unit, " ")
	for (i = 1; i <= n; i++) {
		if (state[next_unit[i]] == "open")
			complain("a circle: " trail " " name " " next_unit[i])
		else if (state[next_unit[i]] == "")
			walk(next_unit[i], trail " " name)
	}
	state[name] = "done"
}
BEGIN {
	nr_lines = split(rooms, line, "\n")
	for (i = 1; i <= nr_lines; i++)
		for (j = split(line[i], part, " "); j > 0; j--)
			place[part[j]] = i
	nr_fences = split(fences, fence, "\n")
	for (i = 1; i < ARGC; i++)
		known[ARGV[i]] = 1
}
FNR == 1 {
	file_end()
	path = FILENAME
	own = room(path)
	name = path
	sub(/^src\//, "", name)
	name = unit(name)
	units[name] = 1
	spdx = starts = ends = 0
	nr++
	if (!(own in place))
		complain(path ": no room of tests/check_floors.sh")
}
/SPDX-License-Identifier: GPL-2.0-or-later/ { spdx = 1 }
/^[ \t]*(\/?\*|\/\/)/ { next }
/^[ \t]*#[ \t]*include[ \t]*"/ && own in place {
	split($0, part, "\"")
	its = room(part[2])
	if (!(("src/" part[2]) in known || (part[2] in known)))
		complain(path " includes \"" part[2] "\", which is no path from src/ or the top")
	else if (place[its] > place[own] || (place[its] == place[own] && its != own))
		complain(path " includes \"" part[2] "\", a room to the right")
	if (unit(part[2]) != name)
		edges[name] = edges[name] " " unit(part[2])
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
# Only the verbs print and exit; children leave by _exit(), and so does base/memory.c, which says why.
own != "cmd" && (/(^|[^_[:alnum:]])(printf|puts|putchar|perror|exit)\(/ || /std(out|err)[,)]/) {
	complain(path ":" FNR " prints or exits; that is for the verbs")
}
/(^|[^_[:alnum:]])(system|popen)\(/ { complain(path ":" FNR " runs a shell") }
/clock_now\(\)/ { starts = 1 }
/clock_end\(/ { ends = 1 }
END {
	file_end()
	for (name in units)
		if (state[name] == "")
			walk(name, "")
	if (!bad)
		print "ok - the rooms are in order: " nr " files"
	exit bad > 0
}' $found
