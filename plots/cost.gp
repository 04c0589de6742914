# SPDX-License-Identifier: GPL-2.0-or-later
# Time per page against pages per call. lines.tsv has one block a line: its name, then x, median and quartiles.
format = ARG1
width = int(ARG2)
height = int(ARG3)
load theme_gp
nr_lines = int(ARG4)
least = ARG5 + 0
most = ARG6 + 0
set lmargin at screen px_x(104)
set rmargin at screen px_x(width - 30)
set tmargin at screen px_y(128)
set bmargin at screen px_y(520)
set xrange [*:*]
set yrange [least * 0.8:most * 1.25]
set logscale x 2
set logscale y 10
set offsets graph 0.02, graph 0.02, 0, 0
set format x '%.0f'
set format y '%g'
set ytics ()
# the axis spans a factor of 1.56 at least, which has three of the closer ones
if (most / least > 20) {
	set for [power=-3:11] ytics add (10.0**power, 2 * 10.0**power, 5 * 10.0**power)
} else {
	array step[20] = [1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.3, 7, 8, 9]
	closer = most / least > 4 ? 2 : 1
	do for [power=-3:11] {
		do for [i=1:20:closer] {
			set ytics add (step[i] * 10.0**power)
		}
	}
}
set border 3 lc rgb faint
set tics nomirror tc rgb ink
set grid xtics ytics lt 1 lw 0.7 lc rgb grid_colour
set xlabel 'base pages in one call' tc rgb ink
set label 7 unit_text.' per base page' at screen px_x(34), px_y(324) center rotate tc rgb ink noenhanced
set key at screen px_x(90), px_y(584) left top Left reverse vertical maxcols 1 noenhanced tc rgb ink
set bars 0.6

plot for [i=0:nr_lines-1] lines_tsv index i using 1:2:3:4 with yerrorlines linetype i+1 title columnheader(1)
