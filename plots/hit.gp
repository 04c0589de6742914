# SPDX-License-Identifier: GPL-2.0-or-later
# Heat map of the hit rate. The data files hold places in px of the picture, from the top left.
format = ARG1
width = int(ARG2)
height = int(ARG3)
load theme_gp
set lmargin at screen 0
set rmargin at screen 1
set bmargin at screen 0
set tmargin at screen 1
set xrange [0:width]
set yrange [height:0]
unset border
unset tics
unset key
unset colorbox
# Fixed from 0 to 100 %, so that pictures can be compared. Orange and blue can be told apart by everyone.
set cbrange [0:100]
set palette defined (0 '#c8500a', 50 '#efe3d0', 100 '#0b66a8')
text_colour(rate) = rate < 25 || rate > 75 ? 0xffffff : 0x1f2328

plot cells_tsv using (($1+$3)/2):(($2+$4)/2):1:3:2:4:5 with boxxyerror fillcolor palette fillstyle solid noborder title 'cells', \
     cells_tsv using (($1+$3)/2):(($2+$4)/2):6:(text_colour($5)) with labels center tc rgb variable noenhanced title 'rates', \
     rows_tsv using 1:2:3 with labels right tc rgb ink noenhanced title 'layouts', \
     columns_tsv using 1:2:3 with labels center tc rgb ink noenhanced title 'windows', \
     columns_tsv using 1:($2+15):4 with labels center font ',10' tc rgb faint noenhanced title 'batches', \
     panels_tsv using 1:2:3 with labels left font group_font tc rgb ink noenhanced title 'files'
