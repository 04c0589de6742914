# SPDX-License-Identifier: GPL-2.0-or-later
# The lines of a qualification (line.h) as a table. jq -rs --argjson wide BOOL -f table.jq LINES
def left($n): . + " " * ([$n - length, 0] | max);
def right($n): " " * ([$n - length, 0] | max) + .;
def met: if has("ok") then (if .ok then "met" else "MISSED" end) else "" end;

([.[] | .row | length] | max) as $row | ([.[] | .value | length] | max) as $value |
([.[] | .bar // "" | length] | max) as $bar |
(reduce .[] as $line ([]; if any(.[]; . == $line.part) then . else . + [$line.part] end)) as $parts |
. as $lines |
($parts[] as $part |
	$part,
	($lines[] | select(.part == $part) |
		"  \(.row | left($row))  \(.value | right($value))  \(.bar // "" | left($bar))  \(met | left(6))" +
			(if $wide then "  \(.note)" else "" end) | sub(" +$"; "")),
	""),
([$lines[] | select(has("ok"))] | length) as $bars | [$lines[] | select(has("ok") and (.ok | not))] as $missed |
if $missed == [] then "All \($bars) bars are met." else
	"\($bars - ($missed | length)) of \($bars) bars are met. Missed:", ($missed[] | "  \(.part): \(.row): \(.value)") end
