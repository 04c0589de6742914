#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: tests/dashboard_expressions.py ADDRESS [PAGE]

Every expression of the Grafana dashboard, of the rules and of the console page is asked of the Prometheus at ADDRESS, and
has to answer with something. It has tests/dashboard_data.py. What Grafana puts in for its variables is put in here; how
it draws is not tested. PAGE is the console page as it is served.
"""
import json
import re
import sys
import time
import urllib.parse
import urllib.request

address = sys.argv[1]
bad = 0


def check(good, what):
    global bad
    print(("ok - " if good else "not ok - ") + what)
    bad |= not good


def ask(path, **parts):
    with urllib.request.urlopen(f"http://{address}/api/v1/{path}?" + urllib.parse.urlencode(parts, doseq=True)) as answer:
        said = json.load(answer)
    assert said["status"] == "success", said
    return said["data"]


def series(expression, ranged):
    now = time.time()
    if ranged:
        return ask("query_range", query=expression, start=now - 11 * 86400, end=now, step=3600)["result"]
    return ask("query", query=expression)["result"]


def answers(what, expressions):
    """Of (expression, whether it is asked over time)."""
    empty = []
    for expression, ranged in expressions:
        try:
            if not series(expression, ranged):
                empty.append("empty: " + expression)
        except (AssertionError, OSError) as error:
            empty.append(f"{error}: {expression}")
    check(expressions and not empty, f"{what}: {len(expressions)} expressions answer")
    for line in empty:
        print("# " + line)


def grafana(text):
    """As Grafana replaces them for "All" and a time of 11 days in steps of an hour."""
    text = text.replace("$__range", "11d").replace("$__interval", "1h")
    text = re.sub(r"\$(label|kernel|machine|case|metric)\b", ".*", text)
    assert "$" not in text, text
    return text


dashboard = json.load(open("dashboards/grafana.json"))
targets = [target for panel in dashboard["panels"] for target in panel["targets"]]
answers("Grafana's panels", [(grafana(target["expr"]), target["range"]) for target in targets])
answers("its annotations", [(grafana(one["expr"]), True) for one in dashboard["annotations"]["list"]])
lists = {}
for variable in dashboard["templating"]["list"]:
    match = re.fullmatch(r"label_values\((.+), ([a-z]+)\)", variable["query"]["query"])
    lists[variable["name"]] = ask(f"label/{match[2]}/values", **{"match[]": grafana(match[1])})
check(all(lists.values()) and set(lists) >= {"case", "label", "kernel"}, "its variables have values: " +
      ", ".join(f"{len(values)} {name}" for name, values in lists.items()))
# with one value in place of all of them
chosen = {"label": "ci", "kernel": "6\\\\.1\\\\.189", "machine": ".*virt", "case": "gup-test/pin-fast,hugetlb-64K,exclusive-ro,read,page,n=1",
          "metric": "cycle"}
some = []
for target in targets:
    text = target["expr"]
    for name, value in chosen.items():
        text = re.sub(rf"\${name}\b", lambda _: value, text)
    some.append((text, grafana(text), target["range"]))
answers("with one value chosen: panels that have instructions", [(text, ranged) for _, text, ranged in some if "time_" not in text])
found = series(grafana(next(text for text, _, _ in some if "last_over_time(pinbench_hit_ratio" in text)), True)
check(found and {value for _, value in found[0]["values"]} == {"0.0625"}, "the kernel's variable leaves only what that kernel did")
check(dashboard["schemaVersion"] >= 30 and not [p for p in dashboard["panels"] if p["datasource"]["uid"] != "${DS_PROMETHEUS}"] and
      len({p["id"] for p in dashboard["panels"]}) == len(dashboard["panels"]), "classic model: its data source is asked for at import, ids are unique")

rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
answers("rules", [(rule["query"], False) for rule in rules])
check(len(rules) == 11 and all(rule["health"] == "ok" for rule in rules), "Prometheus evaluates them: " +
      ", ".join(rule["name"] + " " + rule.get("lastError", "") for rule in rules if rule["health"] != "ok"))
firing = {alert["labels"]["alertname"] for alert in ask("alerts")["alerts"] if alert["state"] == "firing"}
check(firing == {rule["name"] for rule in rules if rule["type"] == "alerting"}, f"every alert fires for what it is for: {len(firing)}")
fell = {alert["labels"]["case"] for alert in ask("alerts")["alerts"] if alert["labels"]["alertname"] == "PinbenchHitRateFell"}


def rates(name):
    return {r["key"]: 1 - r["counts"]["slow_pages"] / r["counts"]["requested_pages"]
            for r in json.load(open(f"results/reference/{name}.json"))["results"] if r["counts"].get("requested_pages")}


before, after = rates("seed-1-before"), rates("seed-1-after")
check(fell == {key for key in before if before[key] < after[key]} and fell, f"the hit rate fell in exactly the {len(fell)} cases in which the files differ")

page = open(sys.argv[2]).read()
check("error" not in page.lower() and page.rstrip().endswith("</html>"), "the console page is whole")
rows = re.findall(r'<tr data-case="([^"]*)" data-label="([^"]*)".*?data-name="newest">([^<]*)<.*?data-name="median">([^<]*)<.*?data-name="change">(.*?)</td>',
                  page, re.S)
check(len(rows) > 300 and all(all(part.strip() for part in row) for row in rows), f"each of its {len(rows)} rows has newest, median and change")
check(page.count('data-name="failed">0<') > 5 and 'data-name="failed">1<' in page, "its results have their failed cases")
changed = page[page.index("What changed"):page.index("Everything")]
hits = changed[changed.index("Hit rate"):changed.index("Instructions")]
check({case.replace("&#43;", "+") for case in re.findall(r'<tr data-case="([^"]*)"', hits)} == fell, "its first table has the cases whose hit rate fell")
families = set(re.findall(r'data-family="([^"]*)" data-selector="([^"]*)"', page))
answers("its script's requests", [(f"last_over_time({family}{{{selector.replace('&#34;', chr(34))}}}[3600s])", True) for family, selector in families])
sys.exit(bad)
