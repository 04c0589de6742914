# SPDX-License-Identifier: GPL-2.0-or-later
# Bars of medians with the quartiles. The data files hold places in px of the picture, from the top left.
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
bar_colour(file) = colours[int(file) % 6 + 1]

plot bars_tsv using (($1+$3)/2):(($2+$4)/2):1:3:2:4:(bar_colour($5)) with boxxyerror fc rgb variable fs solid noborder title 'medians', \
     bars_tsv using 6:(($2+$4)/2):($7-$6):(0) with vectors nohead lw 1.5 lc rgb ink title 'quartiles', \
     bars_tsv using 6:(($2+$4)/2-4):(0):(8) with vectors nohead lw 1.5 lc rgb ink title 'quartiles', \
     bars_tsv using 7:(($2+$4)/2-4):(0):(8) with vectors nohead lw 1.5 lc rgb ink title 'quartiles', \
     bars_tsv using 8:(($2+$4)/2):9 with labels left font ',11' tc rgb ink noenhanced title 'values', \
     rows_tsv using 1:2:3 with labels right tc rgb ink noenhanced title 'cases', \
     panels_tsv using 1:2:3 with labels left font group_font tc rgb ink noenhanced title 'groups', \
     columns_tsv using ($1+7):2:1:($1+14):($2-6):($2+6):(bar_colour($3)) with boxxyerror fc rgb variable fs solid noborder title 'files', \
     columns_tsv using ($1+22):2:4 with labels left tc rgb ink noenhanced title 'files'
