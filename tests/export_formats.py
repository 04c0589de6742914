#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: tests/export_formats.py PINBENCH FILE...

The formats of export against the files that they are of. Medians are computed here once more, from the samples, by
statistics.median; json is held against them, and csv, prometheus and openmetrics are held against json.
"""
import csv
import datetime
import io
import json
import re
import statistics
import subprocess
import sys

pinbench, files = sys.argv[1], sys.argv[2:]
bad = 0


def check(good, what):
    global bad
    print(("ok - " if good else "not ok - ") + what)
    bad |= not good


def export(kind, *names):
    return subprocess.run([pinbench, "export", kind, *names], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()


def close(a, b):
    return a == b or abs(a - b) <= 1e-12 * max(abs(a), abs(b))


def medians(result):
    """Of each metric that all runs have; boots with several processes (a slot in common) are one run."""
    found = {}
    for metric in ("pin", "unpin", "cycle"):
        runs = [run for run in result.get("runs", []) if run["samples"].get("pages") is not None or run["samples"]]
        if not runs or not all(metric in run["samples"] for run in runs):
            continue
        boots = {}
        for place, run in enumerate(runs):
            boots.setdefault(run.get("slot", f"run {place}"), []).append(statistics.median(run["samples"][metric]))
        found[metric] = (statistics.median(statistics.median(boot) for boot in boots.values()), len(boots))
    return found


def json_against_files():
    nr = 0
    for name in files:
        whole = json.load(open(name))
        said = json.loads(export("json", name))["results"][0]
        assert said["label"] == whole["label"] and said["started"] == whole["started"], name
        assert len(said["cases"]) == len(whole["results"]), name
        for case, result in zip(said["cases"], whole["results"]):
            assert case["key"] == result["key"] and case["status"] == result["status"]
            if case["status"] != "done":
                assert case["why"] == result["why"] and "times" not in case
                continue
            want = medians(result)
            assert set(case["times"]) == set(want), (name, case["key"], case["times"], want)
            for metric, (median, runs) in want.items():
                assert close(case["times"][metric]["median"], median), (name, case["key"], metric, median)
                assert case["times"][metric]["runs"] == runs, (name, case["key"], metric, runs)
                nr += 1
            counts = {name: value for name, value in result.get("counts", {}).items() if name != "observer"}
            assert case["counts"] == counts
            if counts.get("requested_pages") and "slow_pages" in counts:
                rate = 1 - counts["slow_pages"] / counts["requested_pages"]
                assert close(case["hit_rate"]["least"], rate) and close(case["hit_rate"]["most"], rate)
                nr += 1
    return nr


def numbers(results):
    """What json says, by (label, clock, key, metric)."""
    out = {}
    for result in results:
        for case in result["cases"]:
            place = (result["label"], result["clock"], case["key"])
            for metric, time in case.get("times", {}).items():
                out[place + (metric,)] = time["median"]
            for count, value in case.get("counts", {}).items():
                out[place + (count,)] = value
            hit = case.get("hit_rate")
            if hit and hit["least"] == hit["most"]:
                out[place + ("hit_rate",)] = hit["least"]
    return out


LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r'^(pinbench_[a-z0-9_]+)\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\} (\S+)(?: (\S+))?$')


def samples(text):
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, line
        labels = {name: re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), value)
                  for name, value in LABEL.findall(match[2])}
        yield match[1], labels, float(match[3]), match[4]


def metrics_against_json(kind, results):
    want, got = numbers(results), {}
    times = {datetime.datetime.strptime(r["started"], "%Y-%m-%dT%H:%M:%SZ")
             .replace(tzinfo=datetime.timezone.utc).timestamp() for r in results}
    for name, labels, value, stamp in samples(export(kind, *files)):
        assert (stamp is not None) == (kind == "openmetrics"), name
        assert stamp is None or float(stamp) in times, stamp
        name = name[len("pinbench_"):]
        place = (labels["label"], labels["clock"], labels.get("case"))
        if name == "time_seconds":
            got[place + (labels["metric"],)] = value * 1e9
        elif name == "instructions":
            got[place + (labels["metric"],)] = value
        elif name == "hit_ratio":
            got[place + ("hit_rate",)] = value
        elif name.split("_")[0] in ("requested", "slow", "faults", "unshare", "copied", "reused", "split"):
            got[place + (name,)] = value
    assert set(got) == set(want), sorted(set(got) ^ set(want))[:3]
    assert all(close(got[place], want[place]) for place in want)
    return len(want)


def csv_against_json(results):
    text = export("csv", *files)
    assert "\n" not in text.replace("\r\n", "")
    got = {}
    for row in csv.DictReader(io.StringIO(text, newline="")):
        assert None not in row and None not in row.values(), row
        if row["value"]:
            label = row["label"][1:] if row["label"][:1] == "'" else row["label"]  # that is no formula
            got[(label, row["clock"], row["key"], row["metric"])] = float(row["value"])
    want = numbers(results)
    assert set(got) == set(want), sorted(set(got) ^ set(want))[:3]
    assert all(close(got[place], want[place]) for place in want)
    return len(got)


def attempt(what, function, *arguments):
    try:
        nr = function(*arguments)
        check(nr > 0, f"{what}: {nr} numbers")
    except AssertionError as error:
        check(False, f"{what}: {str(error)[:300]}")


together = json.loads(export("json", *files))
attempt("json has the medians, rates and counts of the files", json_against_files)
attempt("csv says the same", csv_against_json, together["results"])
attempt("prometheus says the same", metrics_against_json, "prometheus", together["results"])
attempt("openmetrics says the same", metrics_against_json, "openmetrics", together["results"])
try:
    import jsonschema
    schema = json.load(open("docs/export-1.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(together))
    check(not errors, "json: the schema" + (f": {errors[0].message[:200]}" if errors else ""))
    together["results"][0]["clock"] = "sundial"
    check(list(jsonschema.Draft202012Validator(schema).iter_errors(together)), "the schema refuses what is none")
except ImportError:
    print("ok - json: the schema # SKIP python3-jsonschema is not installed (make deps)")
sys.exit(bad)
