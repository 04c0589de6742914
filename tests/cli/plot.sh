#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench plot: pictures that parse, say what they show, and run nothing that stands in a file or a path.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=$PWD/tests/fixtures
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
export LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

refused() # WHAT CODE SENTENCE ARGUMENT...
{
	local what=$1 code=$2 sentence=$3
	shift 3
	"$pinbench" plot "$@" >"$dir/out" 2>"$dir/err"
	if [ $? -ne "$code" ] || [ -s "$dir/out" ] || ! grep -qF -e "$sentence" "$dir/err"; then
		cat "$dir/err"
		false
	fi
	check "refused: $what"
}

left_behind()
{
	find /tmp /var/tmp -maxdepth 1 \( -name 'pinbench-plot-*' -o -name '.fontconfig' -o -name 'gnuplot*' \) | wc -l # whoever it belongs to
}

if ! command -v gnuplot >/dev/null; then
	refused "without gnuplot" 4 "gnuplot-nox" hit "$files/before.json" -o "$dir/x.svg"
	echo "ok - pictures # SKIP gnuplot is not installed (make deps)"
	exit $bad
fi
before=$(left_behind) n=2

says() # FILE TEXT...: the SVG is XML and shows each text
{
	python3 - "$@" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
text = "\n".join("".join(node.itertext()) for node in root.iter() if node.tag.endswith(("}text", "}title")))
missing = [words for words in sys.argv[2:] if words not in text]
assert not [node for node in root.iter() if node.tag.endswith(("}script", "}foreignObject", "}a"))], "active content"
assert not missing, f"not in {sys.argv[1]}: {missing}\n{text}"
PYTHON
}

for kind in hit bars; do
	"$pinbench" plot $kind "$files/before.json" "$files/after.json" -o "$dir/$kind.svg"
	check "$kind as SVG"
done
says "$dir/hit.svg" "Hit rate of GUP-fast" made-up-before made-up-after hugetlb-64K "6.25 %" "100 %" "0 %" Cortex-A76 6.1.193 \
	"head = its first base page"
check "hit says what it shows"
says "$dir/bars.svg" "Time to pin the window once" made-up-after "page, 16 pages" "4.700 us" "n = 1x20" "lower is better"
check "bars say what they show"
! grep -q '±\|quartiles,' "$dir/bars.svg"
check "one run has no spread"
"$pinbench" plot bars "$files/lab-before.json" "$files/lab-after.json" -o "$dir/runs.svg"
says "$dir/runs.svg" "us ±" "n = 12x5" "median of the runs" "line: their quartiles"
check "several runs have one"
"$pinbench" plot cost "$files/cost.json" -o "$dir/cost.svg" &&
	says "$dir/cost.svg" "Time per page against pages per call" "process-vm/readv, thp-2M" "ns per base page" "n = 1x20" 512
check "cost says what it shows"
"$pinbench" plot bars "$files/icount.json" -o "$dir/icount.svg" && says "$dir/icount.svg" "Instructions to pin" " instr"
check "instructions are not called times"
cp "$dir/hit.svg" "$dir/again.svg"
"$pinbench" plot hit "$files/before.json" "$files/after.json" -o "$dir/hit.svg" && cmp "$dir/hit.svg" "$dir/again.svg"
check "the same files make the same picture, byte for byte, and replace the old one"
"$pinbench" plot hit "$files/before.json" -o "$dir/hit.png" && [ "$(head -c 8 "$dir/hit.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
check "PNG by the suffix"
(umask 077 && "$pinbench" plot hit "$files/before.json" -o "$dir/umask.svg")
check "with a umask that shuts others out"
"$pinbench" plot bars --only '*,head,*' "$files/before.json" -o "$dir/only.svg" && ! says "$dir/only.svg" "tail" 2>/dev/null
check "--only draws only what matches"

refused "an unknown kind" 2 'did you mean "bars"?' bar "$files/before.json" -o "$dir/x.svg"
refused "no output" 2 "-o" hit "$files/before.json"
refused "another suffix" 2 ".svg or .png" hit "$files/before.json" -o "$dir/x.pdf"
refused "a missing directory" 2 "directory" hit "$files/before.json" -o "$dir/none/x.svg"
refused "nothing to draw" 2 "two different numbers" cost "$files/small.json" -o "$dir/x.svg"
refused "no case that matches" 2 "hit rate" hit --only nothing "$files/before.json" -o "$dir/x.svg"
refused "instructions beside ns" 2 "instructions" hit "$files/before.json" "$files/icount.json" -o "$dir/x.svg"
ln -s "$dir/target" "$dir/link.svg"
refused "a planted link" 2 "symbolic link" hit "$files/before.json" -o "$dir/link.svg"
[ ! -e "$dir/target" ] && [ ! -e "$dir/x.svg" ]
check "nothing was written where nothing was drawn"

# Whatever would run in a script of gnuplot's, as a label, in the environment, and in paths.
canary=$dir/canary
vectors=(
	"\`touch $canary\`" "\$(touch $canary)" "x' ; system('touch $canary') ; '" "x\" ; system(\"touch $canary\") ; \""
	"< touch $canary" "<touch $canary" "|touch $canary" "x
system('touch $canary')
" "x
set output '|touch $canary'
" "!touch $canary" "@touch" "%{system('touch $canary')}" "{/=40 big}_{sub}^{sup}" "</text><script>alert(1)</script>" "-e" "&amp;<b>\\n"
)
kinds=(hit bars cost)
for i in "${!vectors[@]}"; do
	vector=${vectors[i]} kind=${kinds[i % 3]}
	from=before.json
	[ "$kind" = cost ] && from=cost.json
	python3 - "$files/$from" "$dir/vector.json" "$vector" <<'PYTHON'
import json, sys
document = json.load(open(sys.argv[1]))
vector = sys.argv[3]
document["label"] = vector
document["environment"]["kernel"]["release"] = vector
document["environment"]["cpu"]["model"] = vector
for result in document["results"]:
    word = vector.replace(" ", ";").replace("\n", ";")
    result["params"]["window"] = word[:39]
    result["params"]["state"] = word[:23]
    result["params"]["pinner"] = word[:36] + result["params"]["pinner"][:3]
json.dump(document, open(sys.argv[2], "w"))
PYTHON
	"$pinbench" plot "$kind" "$dir/vector.json" "$files/$from" -o "$dir/vector.svg" && says "$dir/vector.svg" &&
		[ ! -e "$canary" ]
	check "$kind with a label like $(printf %s "$vector" | tr -d '\n' | cut -c1-24)... runs nothing"
done
for name in "\`touch canary\`" "\$(touch canary)" "'; system('touch canary'); '" "|touch canary" "< touch canary" "a
system('touch canary')"; do
	(
		mkdir -p "$dir/paths/$name" && cd "$dir/paths" && cp "$files/small.json" "./$name.json" &&
			"$pinbench" plot bars "./$name.json" -o "./$name/x.svg" && [ -s "./$name/x.svg" ] &&
			[ -z "$(find . -name canary)" ]
	)
	check "a path like $(printf %s "$name" | tr -d '\n' | cut -c1-24) runs nothing"
done
# The canary does sing when it may: else the above would prove nothing.
gnuplot -d -e "system('touch $canary')" && [ -e "$canary" ]
check "gnuplot would have run it as script"
rm -f "$canary"

# The label stands in the picture as it is, whatever gnuplot, XML or a data file would make of it; what cannot be seen is a question mark.
cat >"$dir/labels.py" <<'PYTHON'
import json, subprocess, sys
import xml.etree.ElementTree as tree
pinbench, directory, kind, source = sys.argv[1:]
labels = ["]]>", r"\033]0;x\007", r"\47 \134 \\n", "\\", "end\\", '"quoted', 'a "b" c', "it's", "&amp; &#60;", "<![CDATA[x",
          "--><b/>", "%s %d %% 5%", "{/=40 a}_{b}^{c}", "@x ^y _z ~a{b}", "é ± 漢 😀", "NaN", "?", "1e999", "  two  blanks ", "#c | $1 `id`",
          "\u200bzero\u200d\u2060\ufeff", "so\u00adft", "\u202eright\u2066", "tag\U000e0041\U000e007f", "vs\ufe0f\U000e0100", "\u001b[31m\u009b", "non\uffff\ufdd0",
          "x" * 3000, "]]>" * 7, r"\0a\12\1\x41\u0041"]
bad = {"\u200b": "?", "\u200d": "?", "\u2060": "?", "\ufeff": "?", "\u00ad": "?", "\u202e": "?", "\u2066": "?", "\U000e0041": "?", "\U000e007f": "?",
       "\ufe0f": "?", "\U000e0100": "?", "\u001b": "?", "\u009b": "?", "\uffff": "?", "\ufdd0": "?"}
document = json.load(open(source))
if kind == "cost":  # one line of each file
    alike = [r for r in document["results"] if [r["params"][n] for n in ("pinner", "layout", "state", "window")] ==
             [document["results"][0]["params"][n] for n in ("pinner", "layout", "state", "window")]]
    document["results"] = alike
for first in range(0, len(labels), 6):
    names = []
    for i, label in enumerate(labels[first:first + 6]):
        document["label"] = label
        document["environment"]["cpu"]["model"] = label
        names.append(f"{directory}/label{i}.json")
        json.dump(document, open(names[-1], "w"))
    subprocess.run([pinbench, "plot", kind, *names, "-o", f"{directory}/labels.svg"], check=True)
    texts = ["".join(node.itertext()) for node in tree.parse(f"{directory}/labels.svg").getroot().iter() if node.tag.endswith("}text")]
    for label in labels[first:first + 6]:
        shown = "".join(bad.get(c, c) for c in label)
        if len(shown) > 100:
            shown = shown[:20]
            ok = any(shown in text and text.endswith("...") for text in texts)
        elif kind == "cost":  # behind the name of the line
            ok = any(text.endswith(", " + shown) or text == shown for text in texts)
        else:
            ok = shown in texts
        assert ok, f"{label!r} is not in {texts}"
PYTHON
for kind in "hit before" "bars small" "cost cost"; do
	python3 "$dir/labels.py" "$pinbench" "$dir" "${kind% *}" "$files/${kind#* }.json"
	check "${kind% *}: labels are shown as they are"
done
for pair in 'a\134b:a\b' '"x":'"'x'" 'x\40y:x y' '\\x:\x'; do
	for side in "${pair%%:*}" "${pair#*:}"; do
		jq -c --arg text "$side" '.label = $text' "$files/small.json" >"$dir/side.json"
		"$pinbench" plot bars "$dir/side.json" -o "$dir/side.png" || continue
		mv "$dir/side.png" "$dir/side$((n = n == 1 ? 2 : 1)).png"
	done
	[ -s "$dir/side1.png" ] && [ -s "$dir/side2.png" ] && ! cmp -s "$dir/side1.png" "$dir/side2.png"
	check "PNG: $pair look different"
done

# Start-up files and environment of the caller.
mkdir "$dir/home"
printf 'system("touch %s")\n' "$canary" >"$dir/home/.gnuplot"
HOME=$dir/home GNUPLOT_LIB=$dir/home GNUTERM=dumb TMPDIR=$dir/none "$pinbench" plot hit "$files/small.json" -o "$dir/home.svg" &&
	[ ! -e "$canary" ]
check "the caller's ~/.gnuplot and environment have no say"

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null && ! grep -q __asan_init "$pinbench"; then
	strace -f -e trace=execve,setresuid -o "$dir/trace" "$pinbench" plot hit "$files/small.json" -o "$dir/trace.svg"
	[ "$(grep -c 'execve(' "$dir/trace")" -eq 2 ] && grep -q 'execve("[^"]*gnuplot"' "$dir/trace"
	check "gnuplot is the only program that is started"
	strace -f -e trace=open,openat,creat,mkdir,mkdirat,symlink,link,mknod,mknodat -o "$dir/trace" "$pinbench" plot hit "$files/small.json" -o "$dir/trace.png" &&
		[ "$(grep -E 'O_CREAT|O_TMPFILE|creat\(|mkdir|link\(|mknod' "$dir/trace" | grep -v ' = -1 ' | grep -vcE '"(\.pinbench-[0-9a-f]*\.tmp|/dev/fd/[0-9]+)"')" -eq 0 ]
	check "no file is made but the picture, whatever fonts are cached"
	if [ "$(id -u)" -eq 0 ]; then
		strace -f -e trace=setresuid -o "$dir/trace" "$pinbench" plot hit "$files/small.json" -o "$dir/trace.svg"
		grep -q 'setresuid(\([1-9][0-9]*\), \1, \1) *= 0' "$dir/trace"
		check "gnuplot is not root"
	fi
fi

# Interrupted: no directory, no picture, exit 130.
cat >"$dir/interrupt.py" <<'PYTHON'
import os, signal, subprocess, sys, time
pinbench, source, target = sys.argv[1:]
codes = set()
for delay in range(1, 60, 5):
    child = subprocess.Popen([pinbench, "plot", "hit", source, "-o", target], stderr=subprocess.DEVNULL)
    time.sleep(delay / 1000)
    child.send_signal(signal.SIGTERM)
    codes.add(child.wait())
sys.exit(0 if codes <= {0, 130, -signal.SIGTERM} else f"exit codes {codes}")
PYTHON
python3 "$dir/interrupt.py" "$pinbench" "$files/before.json" "$dir/late.svg"
check "interrupted at any moment, it says so"
[ "$(left_behind)" -eq "$before" ] && [ -z "$(find "$dir" -name '.pinbench-*')" ]
check "no temporary directory and no half picture is left"

if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	unshare -m sh -c "mount --bind /dev/null $(realpath "$(command -v gnuplot)") && exec $pinbench plot hit $files/small.json -o $dir/no.svg" \
		2>"$dir/err"
	[ $? -eq 4 ] && grep -q gnuplot-nox "$dir/err"
	check "without gnuplot: exit 4, and the name of the package"
fi
[ "$("$pinbench" plot --help | awk 'length > 80' | wc -l)" -eq 0 ] && [ "$("$pinbench" plot --help | wc -l)" -le 24 ]
check "--help fits 80x24"
exit $bad
