#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema and the program agree about result files.

usage: result_format.py PINBENCH FILE...

Every FILE is valid for both; so is each with nothing in it that the schema does not describe. Then one value of a small file
is replaced at a time, wherever there is one, by everything that could stand there instead: what the schema
refuses the program refuses too, and what the program refuses beyond that is in the list of docs/result-format.md. A sample of these; ALL=1 in the environment tries all.
"""
import copy
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BEYOND = [r"beside a list of", r"hold different metrics", r"is there twice", r"a string of more than",
          r"more than \d+ (bytes|facts)", r"not an integer, a boolean", r"too big integer"]
SUBSTITUTES = [None, True, -1, 0, 1, 1.5, 2**63, -2**63, "", "x", "a b", "a.b", "x" * 40, "é", [], [1], ["x"], {},
               {"x": 1}, {"pin": [1]}, "ns", "instructions"]
EXTRA = [("pin", [1, 2]), ("pages", 1), ("slow_calls", 3), ("a.b", 1), ("key", "x"), ("", 1)]


def load_schema():
    with open(os.path.join(TOP, "docs", "result-1.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return schema


def closed(schema):
    """The schema with every object closed to keys it does not describe."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        out.setdefault("additionalProperties", False)
    return out


def paths(value, prefix=()):
    yield prefix
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from paths(inner, prefix + (name,))


def at(value, path):
    for name in path:
        value = value[name]
    return value


def mutants(document):
    for path in list(paths(document)):
        if path:
            deleted = copy.deepcopy(document)
            del at(deleted, path[:-1])[path[-1]]
            yield f"without {path}", deleted
        for substitute in SUBSTITUTES:
            changed = copy.deepcopy(document)
            if not path:
                changed = substitute
            else:
                at(changed, path[:-1])[path[-1]] = substitute
            yield f"{path} = {substitute!r}", changed
        if isinstance(at(document, path), dict):
            for name, value in EXTRA:
                changed = copy.deepcopy(document)
                at(changed, path).setdefault(name, value)
                yield f"{path} with {name!r}", changed


def program_says(pinbench, document, directory):
    name = os.path.join(directory, "mutant.json")
    with open(name, "w", encoding="utf-8") as file:
        json.dump(document, file)
    done = subprocess.run([pinbench, "compare", name], capture_output=True, check=False)
    if done.returncode not in (0, 2):
        raise SystemExit(f"not ok - exit {done.returncode} for {json.dumps(document)[:300]}")
    return done.returncode == 0, done.stderr.decode("utf-8", "replace")


def main():
    pinbench, files = sys.argv[1], sys.argv[2:]
    schema = load_schema()
    validator, strict = Draft202012Validator(schema), Draft202012Validator(closed(schema))
    bad = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            document = json.load(file)
        errors = [f"{list(error.path)}: {error.message[:200]}" for error in strict.iter_errors(document)]
        errors += [] if subprocess.run([pinbench, "compare", name], capture_output=True, check=False).returncode == 0 \
            else ["the program does not read it"]
        print(f"{'not ok' if errors else 'ok'} - {os.path.basename(name)} is as the schema says", *errors[:5], sep="\n# ")
        bad += len(errors)

    with open(os.path.join(TOP, "tests", "fixtures", "small.json"), encoding="utf-8") as file:
        small = json.load(file)
    nr = nr_refused = 0
    with tempfile.TemporaryDirectory() as directory:
        chosen = list(mutants(small))
        if not os.environ.get("ALL"):
            chosen = random.Random(1).sample(chosen, 900)
        for what, document in chosen:
            nr += 1
            valid = validator.is_valid(document)
            reads, complaint = program_says(pinbench, document, directory)
            nr_refused += not reads
            if reads and not valid:
                print(f"not ok - the program reads what the schema refuses: {what}")
                bad += 1
            if not reads and valid and not any(re.search(pattern, complaint) for pattern in BEYOND):
                print(f"not ok - the schema allows what the program refuses: {what}: {complaint}")
                bad += 1
            if not reads and not re.match(r"pinbench: \S+mutant\.json(:\d+:\d+)?: \S", complaint):
                print(f"not ok - no file and position: {complaint}")
                bad += 1
    if nr < 900 or nr_refused < nr / 4:
        bad += 1
    print(f"{'not ok' if bad else 'ok'} - schema and program agree on {nr} files, {nr_refused} of them refused")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
