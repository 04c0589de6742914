# SPDX-License-Identifier: GPL-2.0-or-later
# Many lines of simulate as few lines for table.jq: of each law the range over sizes and designs. jq -cs -f simulate.jq
def percent: . * 1000 | round | "\(. / 10 | floor).\(. % 10)";
def range_of: map(.value) | "\(min | percent)-\(max | percent) %";
def sizes: [.[].n] | unique | map(tostring) | join(", ");
def row($row; $bar): {part: "Simulated noise", $row, value: range_of, $bar, ok: all(.[]; .ok),
	note: "n = \(sizes); \([.[].design] | unique | join(", "))"};

map(select(has("ok"))) |
(map(select(.row == "coverage")) | group_by([.law, has("measured")]) | sort_by(.[0].low * -1)[] |
	row("95 % interval covers, \(.[0].law)" + (if .[0] | has("measured") then ", the ratio as measured" else "" end);
		"\(.[0].low | percent)-\(.[0].high | percent) %")),
(map(select(.row == "same")) | row("\"same\" where the truth is +5 %, all laws"; "<= 1 %"))
