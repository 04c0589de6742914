#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Results in a real Prometheus and a real node_exporter, on loopback and free ports; dashboards, rules and the console page
# against them.
set -u
pinbench=$(realpath "${PINBENCH:-./pinbench}")
reference=$PWD/results/reference
export PINBENCH=$pinbench LC_ALL=C.UTF-8
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
if grep -q __asan_init "$pinbench"; then
	echo "ok - dashboards # SKIP a sanitizer's build writes the same, and that is looked at with the usual build"
	exit 0
fi
PATH=$PATH:${PINBENCH_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pinbench}/services/usr/bin
for program in prometheus promtool prometheus-node-exporter curl; do
	command -v $program >/dev/null && continue
	echo "ok - dashboards # SKIP there is no $program (make deps)"
	exit 0
done
dir=$(mktemp -d) || exit 1
pids=()
# shellcheck disable=SC2317 # by trap
finish()
{
	trap - EXIT INT TERM HUP
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	wait
	rm -rf "$dir"
}
trap finish EXIT
trap 'finish; exit 130' INT TERM HUP
export TMPDIR=$dir

soon() # COMMAND...: within a minute, on a slow machine
{
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# --- what promtool says of the formats and of the rules ---
"$pinbench" export prometheus "$reference" >"$dir/ok.prom" && promtool check metrics <"$dir/ok.prom" >"$dir/said" 2>&1 && [ ! -s "$dir/said" ]
check "promtool check metrics has no word against prometheus" || head "$dir/said"
sed 's/_seconds/_ns/' "$dir/ok.prom" | promtool check metrics >"$dir/said" 2>&1
grep -q abbreviated "$dir/said"
check "it has against other units"
promtool check rules dashboards/rules/pinbench.rules.yml >"$dir/said" 2>&1 && promtool test rules dashboards/rules/pinbench.test.yml >>"$dir/said" 2>&1
check "promtool check rules and test rules pass" || tail "$dir/said"
for change in 's/> 1.01/> 1.03/' 's/> 1.1$/> 1.05/' 's/< case:pinbench_hit/<= case:pinbench_hit/' 's/8 \* 86400/7 * 86400/' 's/min_over_time/max_over_time/' \
	's/run_complete\[1d\]) == 0/run_complete[1d]) == 2/'; do
	mkdir -p "$dir/rules" && cp dashboards/rules/pinbench.test.yml "$dir/rules"
	sed "$change" dashboards/rules/pinbench.rules.yml >"$dir/rules/pinbench.rules.yml"
	! cmp -s dashboards/rules/pinbench.rules.yml "$dir/rules/pinbench.rules.yml" && ! promtool test rules "$dir/rules/pinbench.test.yml" >/dev/null 2>&1
	check "and not with $change"
done

# --- backfilled: the reference results, each number asked for at its time ---
started() # NAME ARGUMENT...: dashboards/serve.sh; its address in $address
{
	local name=$1
	shift
	EVALUATION=1s dashboards/serve.sh "$@" >"$dir/$name.url" 2>"$dir/$name.err" &
	pids+=($!)
	served=$!
	soon grep -q ^http "$dir/$name.url"
	url=$(head -1 "$dir/$name.url")
	address=$(cut -d/ -f3 <<<"$url")
	[ -n "$address" ] || { cat "$dir/$name.err"; false; }
}
started reference "$reference"
check "dashboards/serve.sh shows the reference results"
"$pinbench" export json "$reference" >"$dir/reference.json"
cat >"$dir/numbers.py" <<'PYTHON'
"""Every median, rate and count of export json is the answer to a query. numbers.py ADDRESS JSON [now]"""
import collections, datetime, json, sys, urllib.parse, urllib.request
address, name = sys.argv[1:3]
results = json.load(open(name))["results"]
asked = {}
def ask(family, moment):
    if (family, moment) not in asked:
        parts = {"query": family} | ({} if moment is None else {"time": moment})
        answer = json.load(urllib.request.urlopen(f"http://{address}/api/v1/query?" + urllib.parse.urlencode(parts)))
        asked[family, moment] = {(m["metric"].get("label"), m["metric"].get("clock"), m["metric"].get("case"), m["metric"].get("metric")):
                                 float(m["value"][1]) for m in answer["data"]["result"]}
    return asked[family, moment]
nr = 0
for result in results:
    moment = datetime.datetime.strptime(result["started"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
    moment = None if sys.argv[3:] else moment
    place = (result["label"], result["clock"])
    for case in result["cases"]:
        key = place + (case["key"],)
        want = {(count, None): value for count, value in case["counts"].items()}
        if "hit_rate" in case:
            want["hit_ratio", None] = case["hit_rate"]["least"]
        for metric, time in case["times"].items():
            scale, families = (1, ("instructions", "instructions_low", "instructions_high")) if result["clock"] == "icount" else \
                (1e-9, ("time_seconds", "time_low_seconds", "time_high_seconds"))
            for family, part in zip(families, ("median", "low", "high")):
                want[family, metric] = time[part] * scale
        for (family, metric), value in want.items():
            got = ask("pinbench_" + family, moment).get(key + (metric,))
            assert got is not None and abs(got - value) <= 1e-12 * abs(value), (key, family, metric, got, value)
            nr += 1
assert nr > 1500, nr
PYTHON
python3 "$dir/numbers.py" "$address" "$dir/reference.json"
check "what was backfilled answers with the numbers of the files"
expression=$(grep -E '^last_over_time\(' docs/dashboards.md)
curl -s -G "http://$address/api/v1/query" --data-urlencode "query=$expression" | jq '.data.result | length' |
	grep -qx "$(grep -c '^pinbench_time_seconds' "$dir/ok.prom")"
check "the example of docs/dashboards.md answers"
temporary=$(find "$dir" -mindepth 1 -maxdepth 1 -name 'tmp.*' | wc -l)
kill -INT $served 2>/dev/null; kill -TERM $served
wait $served
[ "$temporary" = 1 ] && [ -z "$(find "$dir" -mindepth 1 -maxdepth 1 -name 'tmp.*')" ] && ! curl -s -m 5 "$url" >/dev/null
check "at its end serve.sh leaves no program and no file"

# --- scraped: node_exporter reads the file, Prometheus reads node_exporter ---
mkdir "$dir/textfiles"
"$pinbench" export prometheus "$reference" -o "$dir/textfiles/pinbench.prom"
prometheus-node-exporter --web.listen-address=127.0.0.1:0 --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="$dir/textfiles" >"$dir/node.log" 2>&1 &
pids+=($!)
soon grep -q 'Listening on.*127.0.0.1:[1-9]' "$dir/node.log"
node=$(sed -nE 's/.*Listening on.*(127\.0\.0\.1:[1-9][0-9]*).*/\1/p' "$dir/node.log" | head -1)
curl -s "http://$node/metrics" >"$dir/metrics"
grep -qx 'node_textfile_scrape_error 0' "$dir/metrics" && [ "$(grep -c '^pinbench_' "$dir/metrics")" = "$(grep -c '^pinbench_' "$dir/textfiles/pinbench.prom")" ]
check "node_exporter takes every sample" || cat "$dir/node.log"
"$pinbench" export openmetrics "$reference" | grep -v '^# EOF' >"$dir/textfiles/timed.prom"
curl -s "http://$node/metrics" | grep -qx 'node_textfile_scrape_error 1'
check "it would not take one with times"
rm "$dir/textfiles/timed.prom"
cat >"$dir/scrape.yml" <<YAML
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: node
    static_configs: [{targets: ["$node"]}]
YAML
prometheus --config.file="$dir/scrape.yml" --storage.tsdb.path="$dir/scraped" --web.listen-address=127.0.0.1:0 >"$dir/scraped.log" 2>&1 &
pids+=($!)
soon grep -q 'Listening on.*127.0.0.1:[1-9]' "$dir/scraped.log"
address=$(sed -nE 's/.*Listening on.*(127\.0\.0\.1:[1-9][0-9]*).*/\1/p' "$dir/scraped.log" | head -1)
soon sh -c "curl -s 'http://$address/api/v1/query?query=pinbench_run_info' | grep -q seed-1" &&
	python3 "$dir/numbers.py" "$address" "$dir/reference.json" now
check "what was scraped answers with the numbers of the files" || cat "$dir/scraped.log"

# --- dashboards, rules and console, in a week that has all they are for ---
mkdir "$dir/week"
python3 tests/dashboard_data.py "$dir/week" && started week "$dir/week"
check "a made-up week"
soon sh -c "curl -s 'http://$address/api/v1/alerts' | grep -q PinbenchTimeRose"
curl -s "$url" >"$dir/page.html"
python3 tests/dashboard_expressions.py "$address" "$dir/page.html" || bad=1
curl -s "http://$address/consoles/pinbench.html?label=ci&case=.*,head,.*&range=30d" >"$dir/page.html"
grep -q 'data-case=".*,head,' "$dir/page.html" && ! grep -q 'data-case=".*,tail,\|data-label="gone"' "$dir/page.html"
check "the console page shows what was asked for"
curl -s "http://$address/consoles/pinbench.html?range=30d&end=$(($(date +%s) - 86400))" >"$dir/page.html"
grep -q 'Nothing: no hit rate' "$dir/page.html" && ! grep -q 6.1.189 "$dir/page.html"
check "the day before nothing had changed"
curl -s -G "http://$address/consoles/pinbench.html" --data-urlencode 'label="><script>alert(1)</script>' --data-urlencode 'range=1)' \
	--data-urlencode 'end=<i>' >"$dir/page.html"
grep -q 'There is nothing of that in the last 90d' "$dir/page.html" && ! grep -q '<script>alert\|<i>' "$dir/page.html"
check "what is asked for is no code"

chromium=$(command -v chromium chromium-browser | head -1)
if command -v node >/dev/null && [ -n "$chromium" ] && [ -d build/page-test/node_modules/playwright-core ]; then
	for look in "1280 light" "1280 dark" "360 light" "360 dark"; do
		# shellcheck disable=SC2086 # width and colours
		node dashboards/picture.mjs "$PWD/build/page-test" "$chromium" "$url&case=.*hugetlb-64K.*" - $look 'gup-test/pin-fast,hugetlb-64K,exclusive-ro,read,page,n=1' >"$dir/said" 2>&1
		check "the console page in Chromium, $look: no error, nothing from elsewhere, no sideways scrolling, axe-core" || cat "$dir/said"
	done
else
	echo "ok - the console page in Chromium # SKIP node, Chromium or playwright-core is missing (make deps, tests/page/install.sh)"
fi
exit $bad
