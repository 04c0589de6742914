#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A pinner, a layout, a state, an observer, a format, a picture and a rule of verdicts are one new file each and one line
# elsewhere: in a copy of the tree, from docs/templates/ or from what is there.
set -u
cd "$(dirname "$0")/../.." || exit 1
pinbench=$(readlink -f "${PINBENCH:-./pinbench}")
build=$(dirname "$pinbench")
files=$PWD/tests/fixtures
# shellcheck source=tests/cli/tap.bash
. tests/cli/tap.bash
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

tree=$dir/tree
mkdir -p "$tree/build" && cp -a src bench configs plots Makefile "$tree" && cp -a "$build" "$tree/build/" || exit 1
find "$tree/build" -name tests -prune -exec rm -rf {} +
cd "$tree" || exit 1

# FROM TO [SED]: a new file
made() {
	sed -e "${3:-}" "$OLDPWD/$1" >"$2"
}
# FILE AFTER LINE: a line behind the first one that has AFTER, whose list goes on
lined() {
	sed -i "0,/$2/s//& \\\\\n\t$3/" "$1"
}
made bench/pin_null.c bench/pin_template.c 's/pin_null/pin_template/; s/"null"/"template"/'
lined bench/registry.c 'X(pin_vfio)' 'X(pin_template)'
made bench/layout_base.c bench/layout_template.c 's/layout_base_pages/layout_template/; s/"base"/"template"/; s/\.control = true/.control = false/'
lined bench/registry.c 'X(layout_hugetlb)' 'X(layout_template)'
made docs/templates/state.c bench/state_template.c
lined bench/registry.c 'X(state_unpopulated)' 'X(state_template)'
made bench/observe_rusage.c bench/observe_template.c 's/observe_rusage/observe_template/; s/"rusage"/"template"/'
lined bench/registry.c 'X(observe_frames)' 'X(observe_template)'
made src/format/csv.c src/format/template.c 's/format_csv/format_template/; s/"csv"/"template"/'
lined src/format/format.h 'X(csv)' 'X(template)'
made src/plot/cost.c src/plot/template.c 's/plot_cost/plot_template/; s/\.name = "cost"/.name = "template"/'
lined src/plot/plot.h 'X(cost)' 'X(template)'
# every row of times once more
made src/verdict/rule_times.c src/verdict/rule_template.c 's/rule_times/rule_template/'
lined src/verdict/judge.h 'X(tails)' 'X(template)'

sans=()
[[ $build != *-san ]] || sans=(SAN=1)
make "${sans[@]}" CC="$(command -v ccache >/dev/null && echo 'ccache ')gcc" all >"$dir/log" 2>&1 && [ -x "build/${build##*/}/pinbench" ]
check "seven files and seven lines build" || tail -20 "$dir/log"
new=$tree/build/${build##*/}/pinbench
for kind in pinners layouts states observers; do
	"$new" list "$kind" | grep -q '^ *template ' && ! "$pinbench" list "$kind" | grep -q '^ *template '
	check "list has the new one of the $kind"
done
"$new" run --dry-run -p pinner=template -p layout=template -p state=template 2>&1 | grep -q 'template,template,template'
check "a job can name them"
"$new" compare --format=template "$files/before.json" "$files/after.json" | head -1 | grep -q ,
check "compare has the format"
"$new" plot --help | grep -q template
check "plot has the picture"
rows() {
	"$1" compare --format=json "$files/lab-before.json" "$files/lab-after.json" | jq '[.comparisons[].rows[] | select(.kind == "time")] | length'
}
[ "$(rows "$pinbench")" -gt 0 ] && [ "$(rows "$new")" = $((2 * $(rows "$pinbench"))) ]
check "compare has the rows of the rule"
exit "$bad"
