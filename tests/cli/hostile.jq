# SPDX-License-Identifier: GPL-2.0-or-later
# A result file with everything in it that git, a spreadsheet, a browser or a terminal could take for its own.
# --arg side base|new; --arg name the label
def words: ["---", "#x", "--", "-- x", "diff --git a/x b/x", "Index: x", "From x", "From: x", "@@ -1,2 +1,2 @@", ">8", "-- >8 --",
	"=1+1", "+1", "-1", "@x", "|x|", "`x`", "<b>&amp;", "\"x\"", "'x'", "x\\", "[x](http://x)", "www.x.org", "\u001b[31m", "\u00e9\uff1d",
	"x\n# y\n---\nz", "\u202ex", "\ud83d\ude00", "a\tb", ("long" * 80)];
def names: map(gsub("[^!-~]"; "_"))[0:9] + ["---", "#x", "--", "-1", "=x", "+x", "@x", "|x|", "`x`", "<b>", "&amp;", "diff", "Index:", "From", ">8",
	"\"", "'", "\\|", "@@"] | map(.[0:23]);
(words | names) as $names | ($names | length) as $nr |
.label = $name |
.tool.version = words[($name | length) % (words | length)] |
.command = ["pinbench", "vm", "-k", "a=x y", "-o", "secret-dir", "--label=secret"] + words + ["--", "run", "-c", "it's"] + words |
.environment.cpu.model = "From x\n# y\n---\n" + ("long " * 60) |
.environment.hostile = (reduce range(words | length) as $i ({}; .["n\($i)"] = (words[$i] + $side))) |
.environment.kernel.release = "-- >8 -- #" + $side |
.results = (.results | to_entries | map(
	.key as $i | $names[$i % $nr] as $window | .value |
	.params.window = $window | .params.layout = $names[($i / 3 | floor) % $nr] |
	.key = "\($window),\(.params.layout),x,n=\(.params.pages_per_call),\($window)=\($i),#" |
	.warnings = words)) |
.results = .results + [.results[0] | .key = "---only-\($side)"]
