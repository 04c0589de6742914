#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What compare prints of one result: valid for its schema, medians and counts as they are computed again from the file.

usage: figures_format.py PINBENCH FILE
"""
import csv
import io
import json
import math
import os
import sys

from jsonschema import Draft202012Validator

from compare_formats import TOP, expected, shown


def check_json(document, cases, page_bytes):
    with open(os.path.join(TOP, "docs", "figures-1.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(document):
        yield f"{list(error.path)}: {error.message[:200]}"
    for row in document["rows"]:
        case, want = cases[row["key"]], expected(cases[row["key"]], row)
        if want is not None and not math.isclose(row["value"], want, rel_tol=1e-12):
            yield f"{row['key']} {row['metric']}: {row['value']} is not {want}"
        if row["kind"] == "time":
            timed = [run for run in case["runs"] if run["samples"].get(row["metric"])]
            if row["runs"] != len(timed):
                yield f"{row['key']} {row['metric']}: {row['runs']} runs, not {len(timed)}"
        mapped = row["metric"] == "pin" and row["unit"] == "ns" and row["params"]["pinner"].startswith(("vfio/", "iommufd/"))
        if mapped != ("bytes_per_second" in row):
            yield f"{row['key']} {row['metric']}: {'no' if mapped else 'a'} throughput"
        if mapped and not math.isclose(row["bytes_per_second"], case["runs"][0]["samples"]["pages"] * page_bytes / row["value"] * 1e9, rel_tol=1e-8):
            yield f"{row['key']}: {row['bytes_per_second']} bytes in a second"
    done = {key for key, case in cases.items() if case["status"] == "done"}
    if {row["key"] for row in document["rows"]} != done:
        yield "not every case that is done has a row"
    if {(case["key"], case["status"]) for case in document["not_done"]} != {(key, case["status"]) for key, case in cases.items() if key not in done}:
        yield "not every case that is not done is named"


def check_csv(text, document):
    records = list(csv.DictReader(io.StringIO(text.decode(), newline=""), strict=True))
    rows = document["rows"] + document["not_done"]
    if len(records) != len(rows):
        yield f"{len(records)} records, {len(rows)} rows"
    for record, row in zip(records, rows):
        want = {"label": document["result"]["label"], "status": "done", **row.get("params", {}), **row}
        for name, cell in record.items():
            value = want.get(name, "")
            if name in ("pinner", "layout", "state", "access", "window", "pages_per_call") and "params" not in row:
                continue
            if not (cell in (value, "'" + value) if isinstance(value, str) else float(cell or 0) == value):
                yield f"{row['key']} {name}: {cell!r} is not {value!r}"


def check_markdown(text, document):
    rows = [row for row in document["rows"] if row["kind"] in ("time", "rate")]
    lines = [line for line in text.decode().splitlines() if line.startswith("| ") and "window" not in line]
    if len(lines) < len(rows):
        yield f"{len(lines)} lines of {len(rows)} times and rates"
    nr = sum("B/s" in line for line in lines)
    if nr != sum("bytes_per_second" in row for row in rows):
        yield f"{nr} throughputs"


def main():
    pinbench, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    cases = {case["key"]: case for case in result["results"]}
    document = json.loads(shown(pinbench, [path], "json"))
    errors = [*check_json(document, cases, result["environment"]["memory"]["page_bytes"]), *check_csv(shown(pinbench, [path], "csv"), document),
              *check_markdown(shown(pinbench, [path], "markdown"), document)]
    print(f"{'not ok' if errors else 'ok'} - json, csv and markdown of one result: {os.path.basename(path)}", *errors[:8], sep="\n# ")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
