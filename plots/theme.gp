# SPDX-License-Identifier: GPL-2.0-or-later
# Common to all pictures: the canvas, the colours and the text around the plot. Needs format, width and height.
# Text comes from head.tsv as fields, never as script. One theme for light and dark pages: an opaque pale card.
canvas = '#f7f6f2'
ink = '#1f2328'
faint = '#5c636b'
grid_colour = '#d5d3cb'

set datafile separator "\t"
set datafile commentschars ''
set encoding utf8

if (format eq 'svg') {
	title_font = 'sans-serif bold,17'
	group_font = 'sans-serif bold,13'
	set terminal svg noenhanced size width,height font 'sans-serif,13' background canvas
} else {
	title_font = 'DejaVu Sans:Bold,17'
	group_font = 'DejaVu Sans:Bold,13'
	# twice the pixels, so that it stays sharp on dense screens
	set terminal pngcairo noenhanced size 2*width,2*height font 'DejaVu Sans,12' fontscale 2 linewidth 2 \
		pointscale 2 background rgb canvas
}
set output picture

# Okabe and Ito's colours, which colour-blind readers can tell apart; point types differ too.
array colours[6] = [0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9]
do for [i=1:12] {
	set linetype i lc rgb colours[(i - 1) % 6 + 1] lw 2 pt (i - 1) % 6 * 2 + 5 ps 0.9 dt 1+(i>6)
}

unit_text = ''; title_text = ''; subtitle_text = ''; common_text = ''; machine_text = ''; foot_text = ''; more_text = ''
set xrange [-1:1]
set yrange [-1:1]
set table $unused
plot head_tsv every ::0::0 using (0):(title_text = stringcolumn(2), 0)
plot head_tsv every ::1::1 using (0):(subtitle_text = stringcolumn(2), 0)
plot head_tsv every ::2::2 using (0):(common_text = stringcolumn(2), 0)
plot head_tsv every ::3::3 using (0):(machine_text = stringcolumn(2), 0)
plot head_tsv every ::4::4 using (0):(foot_text = stringcolumn(2), 0)
plot head_tsv every ::5::5 using (0):(unit_text = stringcolumn(2), 0)
plot head_tsv every ::6::6 using (0):(more_text = stringcolumn(2), 0)
unset table

px_x(x) = x / (1.0 * width)
px_y(y) = 1 - y / (1.0 * height)
set label 1 title_text at screen px_x(24), px_y(30) left font title_font tc rgb ink noenhanced
set label 2 subtitle_text at screen px_x(24), px_y(56) left tc rgb ink noenhanced
set label 3 common_text at screen px_x(24), px_y(78) left tc rgb faint noenhanced
set label 4 machine_text at screen px_x(24), px_y(98) left tc rgb faint noenhanced
set label 5 foot_text at screen px_x(24), px_y(height - 36) left font ',11' tc rgb faint noenhanced
set label 6 more_text at screen px_x(24), px_y(height - 18) left font ',11' tc rgb faint noenhanced
