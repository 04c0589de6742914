#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pinbench report: what may not stand in a page, that nothing of a file becomes markup, bad input. report-page.sh opens them.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
files=tests/fixtures
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

refused() # WHAT WORDS ARGUMENT...: exit 2, the words in the error, and no page
{
	local what=$1 words=$2 status
	shift 2
	"$pinbench" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ $status -eq 2 ] && [ ! -s "$dir/out" ] && grep -qF -- "$words" "$dir/err" && [ -z "$(find "$dir" -name 'x.htm*' -o -name '.x.htm*')" ]
	check "$what" || { echo "# exit $status"; sed 's/^/# /' "$dir/err"; }
}

# --- bad input ---
mkdir "$dir/empty" "$dir/mixed"
cp $files/before.json "$dir/mixed/a.json"
cp $files/after.json "$dir/mixed/b.json"
echo '{"results": [1, 2]}' >"$dir/other.json"
head -c 4000 $files/before.json >"$dir/half.json"
echo '# PIN_FAST_BENCHMARK: Time: get:1 put:2 us' >"$dir/log.json"
refused "an empty directory" "no *.json in this directory" "$dir/empty" -o "$dir/x.html"
refused "JSON of another tool" "other.json" "$dir/other.json" -o "$dir/x.html"
refused "a result that is being written" "half.json" $files/before.json "$dir/half.json" -o "$dir/x.html"
refused "no JSON" "log.json" "$dir/log.json" -o "$dir/x.html"
refused "no such file" "No such file" $files/before.json "$dir/none.json" -o "$dir/x.html"
refused "the same file twice" "the same file on both sides" $files/before.json $files/before.json -o "$dir/x.html"
refused "instructions and time" "--force" $files/before.json $files/icount.json -o "$dir/x.html"
refused "no place to write to" "-o FILE.html is missing" $files/before.json
refused "a name that is no page's" "must end in .html" $files/before.json -o "$dir/x.txt"
refused "a directory that is not there" "No such file" $files/before.json -o "$dir/none/x.html"
refused "no files" "the base first" -o "$dir/x.html"
refused "a wrong expression" "--filter" --filter '(' $files/before.json $files/after.json -o "$dir/x.html"
ln -s "$dir/target" "$dir/link.html"
"$pinbench" report $files/before.json -o "$dir/link.html" 2>"$dir/err"
[ $? -eq 2 ] && [ ! -e "$dir/target" ]
check "a link is not written through"

# shellcheck source=tests/cli/report-pages.bash
. "$(dirname "$0")/report-pages.bash"

# --- what may not leave the machine ---
# Names of a host and of a user, a home directory and a whole command line of the kernel wherever a file can hold text.
plant='
	.environment.kernel.cmdline = "BOOT_IMAGE=/boot/vmlinuz-secrethost root=UUID=secret-uuid ip=::secrethost hugepages=8 quiet" |
	.environment.kernel.hostname = "secrethost" | .environment.host.name = "secrethost" | .environment.user.name = "secretuser" |
	.environment.lab.append = "mitigations=off systemd.hostname=secrethost" | .environment.noise.load = "warn: /home/secretuser/x" |
	.command = ["pinbench", "run", "-c", "~/jobs/x.json", "-p", "device=/home/secretuser/disk", "-o", "/home/secretuser/x.json"] |
	.results[0].warnings = ["/home/secretuser/is full"] | .results[0].truth.layout_proof = "/home/secretuser/proof" |
	.results[1].status = "skipped" | .results[1].why = "no /home/secretuser/x" | .results[1].fix = "touch /home/secretuser/x"'
mkdir -p "$dir/secretuser" "$dir/secretuser/new"
jq "$plant" $files/before.json >"$dir/secretuser/base.json"
jq "$plant" $files/after.json >"$dir/secretuser/new/1.json"
jq "$plant | .environment.kernel.cmdline += \" secrethost\" | .label = \"other\"" $files/after.json >"$dir/secretuser/new/2.json"
page planted --force "$dir/secretuser/base.json" "$dir/secretuser/new"
[ -s "$dir/planted.html" ] && grep -c 'secret' "$dir/secretuser/base.json" >/dev/null && ! grep -o '.\{60\}secret.\{20\}' "$dir/planted.html"
check "no host, no user, no home directory, no identity in the command line"
grep -q 'hugepages=8' "$dir/planted.html" && grep -q 'mitigations=off' "$dir/planted.html" && grep -q 'merged by --force: base.json\|merged by --force: 1.json' "$dir/planted.html"
check "what changes a pin is there: parameters of the kernel, and files by their names"

# What a run writes into its file is all shown: none of it is taken for a stranger's. On a host and for a user with a name to find.
named=()
if unshare -ru true 2>/dev/null; then
	named=(unshare -ru env USER=secretuser LOGNAME=secretuser HOME=/home/secretuser sh -c 'echo secrethost >/proc/sys/kernel/hostname && exec "$@"' -)
fi
"${named[@]}" "$pinbench" run -q -p pinner=null -p layout=base -p samples=3 -p warmup=0 --label here -o "$dir/here.json" >/dev/null 2>&1
page here "$dir/here.json"
! grep -q 'does not write' "$dir/here.html" && grep -q 'kernel.release' "$dir/here.html"
check "every fact of the environment that a run writes is shown"
"${named[@]}" "$pinbench" report "$dir/here.json" -o "$dir/named.html" && ! grep -o '.\{60\}secret.\{20\}' "$dir/named.html"
check "nor the host and the user that measured and made it"

# --- what explain counted, behind the rows of times ---
for side in before:1000 after:1600; do
	jq -c --argjson n ${side#*:} '.results[0].explain = {seed: 1, pin: {sample: 0, reported: 1, instructions: ($n + 50), paths: [($n + 50), 0, 0, 0, 0, 0, 0],
		functions: [{name: "gup_<b>fast", counts: [$n, 2, 0, 0, 0, 0, 0, 0, 0, 0]}, {name: "unchanged_one", counts: [50, 1, 0, 0, 0, 0, 0, 0, 0, 0]}],
		stacks: [{frames: "gup_<b>fast", instructions: $n}, {frames: "unchanged_one", instructions: 50}]}}' $files/seeds-${side%:*}.json >"$dir/explain-${side%:*}.json"
done
page explained "$dir/explain-before.json" "$dir/explain-after.json"
grep -q '<th scope="row">gup_&lt;b&gt;fast</th><td class="v">2</td><td class="v">1000</td><td class="v">2</td><td class="v">1600</td><td class="v">+600</td>' "$dir/explained.html" &&
	! grep -q '>unchanged_one<' "$dir/explained.html" && grep -q '1 of 2 functions: those that changed most' "$dir/explained.html"
check "the functions that changed, behind the row of their time"
page explained-one "$dir/explain-after.json"
grep -q '<th scope="row">unchanged_one</th><td class="v">1</td><td class="v">50</td></tr>' "$dir/explained-one.html"
check "of one result the functions that took most"

# --- markup ---
make_pages
[ "$(jq '.events | length' "$dir/history-said.json")" -ge 1 ] && grep -q 'worse: 6.1.7 -&gt; 6.1.8' "$dir/history.html" &&
	grep -q 'Skipped: .*(other.json)' "$dir/history.html" && ! grep -qF "$dir" "$dir/history.html"
check "a directory of many kernels is a page of its history; what was skipped is said, without its directory"
"$pinbench" report $files/lab-before.json $files/lab-after.json -o "$dir/again.html" && cmp "$dir/pair.html" "$dir/again.html"
check "the same bytes for the same files"
python3 - "$dir/pair.html" "$dir/matrix.html" "$dir/one.html" "$dir/hostile.html" "$dir/history.html" <<'END'
import html.parser, re, sys
VOID = {"meta", "input", "br"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attrs):
        pass
    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open[-5:], self.getpos())
for name in sys.argv[1:]:
    page, text = Page(), open(name, encoding="utf-8").read()
    page.feed(text)
    assert not page.open, (name, page.open)
    assert not re.search(r"</[a-z0-9]+[^a-z0-9>]", text), name
END
check "every element is closed, and in order"
[ "$(grep -o '<script' "$dir/hostile.html" | wc -l)" -eq 1 ] && ! grep -qE '<(img|iframe|object|embed|link|base|form)' "$dir/hostile.html" &&
	! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$dir/hostile.html"
check "nothing of a file becomes markup, and no control character is left"
if command -v gnuplot >/dev/null && unshare -rm true 2>/dev/null; then
	unshare -rm sh -c "mount --bind /dev/null $(realpath "$(command -v gnuplot)") && exec $pinbench report $files/lab-before.json $files/lab-after.json -o $dir/plain.html" &&
		grep -q 'gnuplot is not installed' "$dir/plain.html" && grep -q 'id="rows"' "$dir/plain.html"
	check "without gnuplot the page says so, and has the rest"
fi

exit $bad
