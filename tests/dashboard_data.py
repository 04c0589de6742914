#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: tests/dashboard_data.py DIR [NOW]

A made-up week of a lab, from the reference results: four days of the kernel that has the patch, then one of the kernel
without it, on both clocks. Besides, what the alerts are for: a case that copies a page more, one that failed, a
measurement that was interrupted, and one that is the last of its label. The file names are the days.
"""
import copy
import datetime
import json
import sys
import time

directory, now = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())


def load(name):
    return json.load(open(f"results/reference/{name}.json"))


def save(name, document, label, seconds, release):
    document = copy.deepcopy(document)
    document["label"] = label
    document["started"] = datetime.datetime.fromtimestamp(now - seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    document["environment"]["kernel"]["release"] = release
    json.dump(document, open(f"{directory}/{name}.json", "w"))
    return document


for lane, infix in (("icount", ""), ("real", "-real")):
    after, before = load(f"seed-1{infix}-after"), load(f"seed-1{infix}-before")
    for day in range(5, 1, -1):
        save(f"{lane}-{6 - day}", after, "ci", day * 86400, f"6.1.{190 - day}")
    save(f"{lane}-5", before, "ci", 3600, "6.1.189")
small = load("seed-1-after")
small["results"] = small["results"][:4]
save("other-1", small, "other", 3 * 86400, "6.1.187")
small["results"][0]["counts"]["copied_pages"] += 1
small["results"][1].update(status="failed", why="made up", runs=[])
small["complete"] = False
save("other-2", small, "other", 7200, "6.1.189")
save("gone", load("seed-1-after"), "gone", 10 * 86400, "6.1.180")
