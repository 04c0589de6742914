#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What compare prints as json, csv and markdown says the same, and what the result files say.

usage: compare_formats.py PINBENCH [OPTION...] BASE NEW...

The json is valid for its schema; its medians and counts are computed again from the files; the csv, as Python's csv module
reads it, has the same rows and values; the markdown, as cmark-gfm renders it where that is installed, has the same rows and no markup
that came from a file.
"""
import csv
import html.parser
import io
import json
import math
import os
import shutil
import statistics
import subprocess
import sys

from jsonschema import Draft202012Validator

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXACT = ("rate", "count")
MANY = 100  # rows of a markdown table before those that did not change are left out


def shown(pinbench, arguments, fmt):
    return subprocess.run([pinbench, "compare", f"--format={fmt}", *arguments], capture_output=True, check=True).stdout


def expected(case, row):
    """The value of a row by the words of docs/comparison-format.md; None: not known."""
    counts = case["counts"]
    if row["kind"] == "rate" and "slow_pages" not in counts:
        return 1.0 if counts["slow_calls"] == 0 else None
    if row["kind"] == "rate":
        return 1 - counts["slow_pages"] / counts["requested_pages"]
    if row["kind"] == "count":
        return counts[row["metric"]]
    medians = [statistics.median(run["samples"][row["metric"]]) for run in case["runs"]
               if run["samples"].get(row["metric"])]
    return statistics.median(medians) if row["kind"] == "time" and medians else None


def check_json(document, files):
    with open(os.path.join(TOP, "docs", "comparison-1.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(document):
        yield f"{list(error.path)}: {error.message[:200]}"
    for comparison, name in zip(document["comparisons"], files[1:], strict=True):
        sides = []
        for path in (files[0], name):
            with open(path, encoding="utf-8") as file:
                sides.append({case["key"]: case for case in json.load(file)["results"]})
        tally = dict.fromkeys(comparison["verdicts"], 0)
        for row in comparison["rows"]:
            tally[row["verdict"]] += not row["redundant"]
            for side, cases in zip(("base", "new"), sides):
                case = cases[row.get("new_key", row["key"]) if side == "new" else row["key"]]
                value, want = row.get("value", {}).get(side), expected(case, row)
                # pairs leave out runs without a partner, seeds may be one observation: then the median is of fewer
                whole = row["runs"][side] == len(case["runs"])
                if want is None and row["kind"] == "rate":
                    slow, pages = case["counts"]["slow_calls"] * case["params"]["pages_per_call"], case["params"]["bytes"] / 4096
                    if "value" in row and side in row["value"] or not math.isclose(row["least"][side], 1 - min(slow, pages) / pages):
                        yield f"{row['key']} {row['metric']} {side}: not the bound that slow calls prove"
                if want is not None and (whole or row["kind"] in EXACT) and not math.isclose(value, want, rel_tol=1e-12):
                    yield f"{row['key']} {row['metric']} {side}: {value} is not {want}"
            if row["kind"] in EXACT and "least" not in row and (row["verdict"] == "same") != (row["value"]["base"] == row["value"]["new"]):
                yield f"{row['key']} {row['metric']}: {row['verdict']}"
            low, high = row.get("change_low"), row.get("change_high")
            if row["verdict"] == "same" and low is not None and max(-low, high) > document["threshold"] * (1 + 1e-9):
                yield f"{row['key']} {row['metric']}: same, but [{low}, {high}]"
            if row["design"] in ("pairs", "samples") and row["verdict"] in ("better", "worse") and not low * high > 0:
                yield f"{row['key']} {row['metric']}: {row['verdict']}, but [{low}, {high}]"
        if tally != comparison["verdicts"]:
            yield f"{tally} is not {comparison['verdicts']}"


def check_csv(text, document):
    if text.count(b"\r\n") != text.count(b"\n") or not text.endswith(b"\r\n"):
        yield "lines do not end in CR LF"
    records = list(csv.DictReader(io.StringIO(text.decode(), newline=""), strict=True))
    with open(os.path.join(TOP, "docs", "comparison-format.md"), encoding="utf-8") as file:
        described = [name.strip(" `") for line in file if line.startswith("| `")
                     for name in line.split("|")[1].split(",")]
    if described != list(records[0] if records else described):
        yield f"columns are not those of the document: {described}"
    rows = [(comparison, row) for comparison in document["comparisons"] for row in comparison["rows"]]
    if len(rows) != len(records):
        yield f"{len(records)} records, {len(rows)} rows"
    for (comparison, row), record in zip(rows, records):
        want = {"base": document["base"]["label"], "new": comparison["new"]["label"], **row.pop("params")}
        row.pop("new_params", None)
        for name in ("offset", "bytes", "region_bytes"):
            want.pop(name, None)
        for name in ("runs", "value", "spread", "least", "bytes_per_second"):
            want.update({f"{side}_{name}": number for side, number in row.pop(name, {}).items()})
        want["remarks"] = "; ".join(comparison["remarks"])
        want.update({name: {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
                     for name, value in row.items()})
        for name, cell in record.items():
            value = want.pop(name, "")
            if isinstance(value, str):
                same = cell in (value, "'" + value)
                if cell[:1] in "=+-@＝＋－＠\t\r" and cell:
                    yield f"{name}: a formula: {cell}"
            else:
                # 0 runs are an empty field, as all that is not known
                same = float(cell or 0) == value
            if not same:
                yield f"{row['key']} {name}: {cell!r} is not {value!r}"
        if want:
            yield f"not in the csv: {want}"


class Page(html.parser.HTMLParser):
    """Rows of tables as lists of the text of their cells, and which elements there are."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.in_cell = [], set(), False

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True
        if [name for name, _ in attrs if name not in ("align",)]:
            self.tags.add(f"{tag} {attrs}")

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self.in_cell:
            self.rows[-1][-1] += data


def check_markdown(text, document):
    if not shutil.which("cmark-gfm"):
        return
    page = Page()
    page.feed(subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tasklist"],
                             input=text, capture_output=True, check=True).stdout.decode())
    odd = page.tags - {"p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "th", "code", "strong", "sup"}
    if odd:
        yield f"elements that are not ours: {odd}"
    want = []
    for comparison in document["comparisons"]:
        rows = [row for row in comparison["rows"] if not row["redundant"]]
        if len(rows) > MANY:
            rows = [row for row in rows if row["control"] or row["verdict"] in ("better", "worse", "differs", "fewer", "more", "mixed")]
        for row in rows:
            window, new = row["params"]["window"], row.get("new_params", row["params"])["window"]
            want.append((window if window == new else f"{window} to {new}", row["verdict"]))
    have = [(cells[1], cells[-1].split(" ")[0]) for cells in page.rows if cells[1] != "window"]
    if sorted(have) != sorted(want):
        yield f"{sorted(have)[:10]} are not {sorted(want)[:10]}"


def check_matrix(text, document):
    """Several new sides: a column each, with the verdicts that the json has; what changed nowhere may be on one line."""
    if not shutil.which("cmark-gfm") or len(document["comparisons"]) < 2:
        return
    page = Page()
    page.feed(subprocess.run(["cmark-gfm", "--unsafe", "-e", "table"], input=text, capture_output=True, check=True).stdout.decode())
    for i, comparison in enumerate(document["comparisons"]):
        cells = [cells[4 + i].split(" ")[-1] for cells in page.rows if cells[1] != "window"]
        for verdict in ("worse", "better", "differs"):
            if cells.count(verdict) != comparison["verdicts"][verdict]:
                yield f"column {i + 1}: {cells.count(verdict)} {verdict}, not {comparison['verdicts'][verdict]}"


def main():
    pinbench, arguments = sys.argv[1], sys.argv[2:]
    files = [argument for argument in arguments if not argument.startswith("--")]
    document = json.loads(shown(pinbench, arguments, "json"))
    errors = [*check_json(document, files), *check_markdown(shown(pinbench, ["--each", *arguments], "markdown"), document),
              *check_matrix(shown(pinbench, arguments, "markdown"), document),
              *check_csv(shown(pinbench, arguments, "csv"), document)]
    names = " ".join(os.path.basename(argument) for argument in arguments)
    print(f"{'not ok' if errors else 'ok'} - json, csv and markdown of {names}", *errors[:8], sep="\n# ")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
