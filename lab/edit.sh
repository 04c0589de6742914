#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: lab/edit.sh VARIANT.json TREE
#
# Applies a variant to a kernel tree. Each edit names a file, a function in it and a text that stands on exactly one line of
# that function; this line and the next ones (lines: how many in all) are replaced. Anything else is an error: an edit
# that finds nothing, or two places, would measure a kernel that nobody meant.
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 2 ] || die "usage: lab/edit.sh VARIANT.json TREE"
variant=$1 tree=$2
need jq

# The function begins at a line that has its name and a bracket and starts in column one with a letter, and ends
# at the first "}" in column one.
# shellcheck disable=SC2016 # awk's own dollars
apply='
	BEGIN { exit_code = 0 }
	FNR == 1 { pass++ }
	/^[a-z].*[ *]/ && index($0, name "(") && !/;[ \t]*$/ { inside = 1 }
	inside && index($0, find) { if (pass == 1) nr_found++; else skip = lines }
	pass == 2 && skip == lines && skip { printf "%s", text }
	pass == 2 && skip { skip-- ; next }
	/^}/ { inside = 0 }
	pass == 1 { next }
	nr_found != 1 { exit_code = 3; exit }
	{ print }
	END { if (pass < 2 || nr_found != 1) exit_code = 3; if (exit_code) print nr_found + 0 > "/dev/stderr"; exit exit_code }'

nr=$(jq '.edits | length' "$variant")
[ "$nr" -gt 0 ] || die "$variant has no edits"
for ((i = 0; i < nr; i++)); do
	field() { jq -r ".edits[$i].$1" "$variant"; }
	file=$(field file) name=$(field function) find=$(field find)
	[ -f "$tree/$file" ] || die "$variant: $file is not in $tree"
	text=$(jq -r ".edits[$i].replace | map(. + \"\\n\") | add // \"\"" "$variant"; echo .)
	FIND=$find TEXT=${text%.} awk -v name="$name" -v lines="$(field lines)" \
		"BEGIN { find = ENVIRON[\"FIND\"]; text = ENVIRON[\"TEXT\"]; sub(/\\n\$/, \"\", text) }
		$apply" "$tree/$file" "$tree/$file" >"$tree/$file.new" 2>"$tree/$file.count" || {
		count=$(tail -1 "$tree/$file.count")
		rm -f "$tree/$file.new" "$tree/$file.count"
		die "$(basename "$variant"): \"$find\" stands on ${count:-0} lines of $name() in $file, not on exactly one" \
		    "this kernel is not the one that the variant was written for"
	}
	rm -f "$tree/$file.count"
	# A new file: the old one may be a hard link into the tree that others build from.
	mv "$tree/$file.new" "$tree/$file"
done
