# SPDX-License-Identifier: GPL-2.0-or-later
# Series over kernels, a panel for each. points.tsv, levels.tsv and marks.tsv have a block a panel, panels.tsv a line
# (title, unit, ends of the axis, step of its tics), kernels.tsv the names below.
format = ARG1
width = int(ARG2)
height = int(ARG3)
load theme_gp
nr_panels = int(ARG4)
nr_kernels = ARG6 + 0
array titles[nr_panels]
array units[nr_panels]
array lows[nr_panels]
array highs[nr_panels]
array steps[nr_panels]
set table $unused
do for [i=1:nr_panels] {
	plot panels_tsv every ::(i-1)::(i-1) using (titles[i] = stringcolumn(2), units[i] = stringcolumn(3), 0):\
		(lows[i] = column(4), highs[i] = column(5), steps[i] = column(6), 0)
}
unset table
top = 122
each = 120
set multiplot
set xrange [-0.6:nr_kernels - 0.4]
set lmargin at screen px_x(104)
set rmargin at screen px_x(width - 30)
set border 3 lc rgb faint
set tics nomirror tc rgb ink
set grid ytics lt 1 lw 0.7 lc rgb grid_colour
set format y '%g'
unset key
do for [i=1:nr_panels] {
	set tmargin at screen px_y(top + (i - 1) * each + 26)
	set bmargin at screen px_y(top + i * each - 12)
	set yrange [lows[i]:highs[i]]
	set ytics steps[i]
	set label 20 titles[i] at screen px_x(104), px_y(top + (i - 1) * each + 14) left font group_font tc rgb ink noenhanced
	set label 21 units[i] at screen px_x(34), px_y(top + (i - 1) * each + 66) center rotate tc rgb faint noenhanced
	unset xtics
	if (i == nr_panels) {
		set xtics nomirror rotate by 45 right tc rgb ink
	}
	height_of = highs[i] - lows[i]
	if (i < nr_panels) {
		plot marks_tsv index i-1 using 1:2:(0):(height_of):3 with vectors nohead lw 2 lc rgb variable, \
			levels_tsv index i-1 using 1:2 with lines lw 2 lc rgb ink, \
			points_tsv index i-1 using 1:2 with points pt 7 ps 0.5 lc rgb 0x0072b2
	} else {
		plot marks_tsv index i-1 using 1:2:(0):(height_of):3 with vectors nohead lw 2 lc rgb variable, \
			levels_tsv index i-1 using 1:2 with lines lw 2 lc rgb ink, \
			kernels_tsv using 1:(NaN):xtic(2) with points, \
			points_tsv index i-1 using 1:2 with points pt 7 ps 0.5 lc rgb 0x0072b2
	}
	do for [j=1:6] { unset label j }
}
unset multiplot
