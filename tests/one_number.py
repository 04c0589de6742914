#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""one_number.py PINBENCH DIR BASE NEW: each time of each case is one number in every table, format and picture: the median over the
runs of the run's median, computed here from the samples in the files."""
import csv
import io
import json
import os
import re
import statistics
import subprocess
import sys

pinbench, directory, base_path, new_path = sys.argv[1:]
METRICS = ("pin", "unpin", "cycle")
bad = []


def shown(*words):
    return subprocess.run([pinbench, *words], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout


def quantile(values, part):
    values = sorted(values)
    at = (len(values) - 1) * part
    below = int(at)
    return values[below] + (at - below) * (values[min(below + 1, len(values) - 1)] - values[below])


def medians(result, metric):
    """Of the runs, processes of one slot as one; empty unless all runs have the metric."""
    slots, order = {}, []
    for place, run in enumerate(result["runs"]):
        if not run["samples"].get(metric):
            return []
        slot = run.get("slot", ("none", place))
        slots.setdefault(slot, []).append(statistics.median(run["samples"][metric]))
        order.append(slot)
    return [statistics.median(slots[slot]) for slot in dict.fromkeys(order)]


def pooled(result, metric):
    return statistics.median([value for run in result["runs"] for value in run["samples"].get(metric, [])])


def digits(value, icount):
    """How the number may be written: four digits that count, in any of the units."""
    for ticks in (1, 1e3, 1e6, 1e9):
        scaled = value / ticks
        decimals = 0 if scaled >= 1000 else 1 if scaled >= 100 else 2 if scaled >= 10 else 3
        if ticks == 1 and (scaled == int(scaled) or scaled >= 100):
            decimals = 0
        yield f"{scaled:.{decimals}f}"


def holds(text, value, icount):
    numbers = set(re.findall(r"\d+(?:\.\d+)?", text))
    return any(number in numbers for number in digits(value, icount) if float(number))


def check(what, text, result, metric, icount):
    value = statistics.median(medians(result, metric))
    if not holds(text, value, icount):
        bad.append(f"{what}: {metric} of {result['key']} is {value}, shown is\n{text}")


sides = [json.load(open(path)) for path in (base_path, new_path)]
icount = sides[0]["metrics"]["cycle"]["unit"] == "instructions"
cases = [{result["key"]: result for result in side["results"] if result["status"] == "done"} for side in sides]

# exactly, with the spread, for programs
rows = {"json": [], "csv": []}
for row in json.loads(shown("compare", "--force", "--format=json", base_path, new_path))["comparisons"][0]["rows"]:
    if row["kind"] == "time":
        rows["json"].append((row["key"], row["metric"], row["value"], row.get("spread", {})))
for row in csv.DictReader(io.StringIO(shown("compare", "--force", "--format=csv", base_path, new_path))):
    if row["kind"] == "time":
        numbers = lambda name: {side: float(row[f"{side}_{name}"]) for side in ("base", "new") if row[f"{side}_{name}"]}
        rows["csv"].append((row["key"], row["metric"], numbers("value"), numbers("spread")))
for name, found in rows.items():
    expected = {(key, metric) for key in cases[0].keys() & cases[1].keys() for metric in METRICS
                if all(medians(side[key], metric) for side in cases)}
    if {(key, metric) for key, metric, _, _ in found} != expected:
        bad.append(f"{name}: rows {expected ^ {(key, metric) for key, metric, _, _ in found}}")
    for key, metric, values, spreads in found:
        for side, of in zip(("base", "new"), cases):
            runs = medians(of[key], metric)
            value = statistics.median(runs)
            spread = (quantile(runs, 0.75) - quantile(runs, 0.25)) / 2 / value if value else 0
            if values[side] != value or (side in spreads and abs(spreads[side] - spread) > 1e-8):
                bad.append(f"{name}: {key} {metric} {side}: {values[side]} {spreads}, not {value} {spread}")

# to four digits, for people: one case a file, so that no other number is near
differ = nr = 0
for key in sorted(cases[0].keys() & cases[1].keys()):
    if not any(medians(side[key], metric) for side in cases for metric in METRICS):
        continue
    paths = []
    for place, side in enumerate(sides):
        paths.append(os.path.join(directory, f"{place}.json"))
        json.dump({**side, "results": [{**cases[place][key], "warnings": []}]}, open(paths[-1], "w"))
    tables = [shown("compare", path) for path in paths]
    both = {name: shown("compare", "--force", f"--format={name}", *paths) for name in ("text", "markdown", "commit")}
    nr += 1
    for metric in METRICS:
        for place, of in enumerate(cases):
            if not medians(of[key], metric):
                continue
            differ += statistics.median(medians(of[key], metric)) != pooled(of[key], metric)
            check("table of one", tables[place], of[key], metric, icount)
            for name, text in both.items():
                if medians(cases[1 - place][key], metric):
                    check(name, text, of[key], metric, icount)
    if nr % 15 == 1 and subprocess.run([pinbench, "plot", "bars", *paths, "-o", directory + "/bars.svg"],
                                      capture_output=True, check=False).returncode == 0:
        text = re.sub(r"<[^>]*>", " ", open(directory + "/bars.svg").read())
        for of in cases:
            if not any(medians(of[key], each) and holds(text, statistics.median(medians(of[key], each)), icount)
                       for each in ("pin", "cycle")):
                bad.append(f"bars: {key}: none of its numbers in {text}")

print("\n".join(bad))
print(f"{nr} cases, {differ} numbers that are not the median of all samples together")
sys.exit(bool(bad) or not nr or not differ)
