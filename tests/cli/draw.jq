# SPDX-License-Identifier: GPL-2.0-or-later
# Pairs of result files, one a line, BASE and NEW in turn, whose truth is known because it is drawn here.
#
#   jq -nc --argjson nr 300 --argjson runs 10 --argjson sigma 0.01 --arg law normal --argjson factor 1 --argjson paired false \
#      --argjson drift 0 --argjson seed 1 -f draw.jq
#
# Four cases with pin and unpin, 8 rows of times. A run is exp(sigma * z) times the row's own time, z normal; law outliers: one
# run in eight, by chance, is 20 % slower besides. NEW of the last case takes $factor of that in both rows. drift: all times grow by that part
# over the schedule, for both sides; paired: the files are two sides of one schedule, block by block, else BASE was measured
# first and NEW after it. Uniform numbers are Park and Miller's minimal standard generator (48271), one stream for all
# files; normal ones Box and Muller's.
def uniforms($n): foreach range($n) as $i ($seed; . * 48271 % 2147483647; . / 2147483647);
def normals($n): [uniforms(2 * (($n + 1) / 2 | floor))] as $u |
	[range(0; $u | length; 2) as $i | ($u[$i] | log * -2 | sqrt) as $r | ($u[$i + 1] * 6.283185307179586) as $a |
	 $r * ($a | cos), $r * ($a | sin)];

def metric: {unit: "ns", better: "lower", kind: "measured"};
def key($case): "gup-test/pin-fast,base,exclusive,read,\($case)M+1M,n=256";

# ABBA: BASE first in one block, NEW first in the next
def slot($side; $run): 2 * $run + if $run % 2 == 0 then $side else 1 - $side end;

def document($side; $z):
	{schema: "urn:pinbench:result:1", tool: {name: "pinbench", version: "drawn"}, label: (["base", "new"][$side]),
	 complete: true, command: [], config: {},
	 environment: {kernel: {arch: "x86_64"}, memory: {page_bytes: 4096}},
	 metrics: {pin: metric, unpin: metric, cycle: metric},
	 results: [range(4) as $case |
		{key: key($case), status: "done", counts: {observer: {}}, truth: {}, warnings: [],
		 params: {pinner: "gup-test/pin-fast", layout: "base", state: "exclusive", access: "read", window: "\($case)M+1M",
			  offset: ($case * 1048576), bytes: 1048576, pages_per_call: 256},
		 runs: [range($runs) as $run |
			def value($metric; $time): (2 * (($case * 2 + $metric) * $runs + $run)) as $i |
				(if $paired then slot($side; $run) else $run + $side * $runs end / (2 * $runs)) as $when |
				$time * ($sigma * $z[$i] | exp) * (1 + $drift * $when) *
				(if $law == "outliers" and $z[$i + 1] > 1.15035 then 1.2 else 1 end) *
				(if $side == 1 and $case == 3 then $factor else 1 end) | round;
			{index: $run, clock: {pin: "drawn", unpin: "drawn"}, warmup: {},
			 samples: {pin: [value(0; 1000000)], unpin: [value(1; 500000)], pages: 256}} +
			if $paired then {block: $run, slot: slot($side; $run)} else {} end]}]} +
	if $paired then {schedule: {order: "abba", id: "drawn", seed: 1, blocks: $runs, sides: ["base", "new"], side: $side}}
	else {} end;

(16 * $runs) as $each | normals(2 * $nr * $each) as $z |
range(2 * $nr) as $file | document($file % 2; $z[$file * $each:($file + 1) * $each])
