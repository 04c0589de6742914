#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long compare takes, and how much memory: files of 10^6 samples each in 2 s and 300 MiB, in time linear in the samples.

usage: compare_speed.py PINBENCH

What is measured is processor time, the best of several, as other programs may want the processors too.
"""
import json
import os
import random
import sys
import tempfile

LIMIT_S, LIMIT_KIB, TRIES, TIMES_SIMPLE = 2.0, 300 * 1024, 8, 12
SMALL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "small.json")


def write(path, results, runs, samples, seed):
    """Two metrics a sample, as gup_test gives them. Lists are drawn from a few, or writing them would take longer than all else."""
    rng = random.Random(seed)
    with open(SMALL, encoding="utf-8") as file:
        head = json.load(file)
    case = head["results"][0]
    lists = [json.dumps([int(rng.lognormvariate(10, 0.1)) for _ in range(samples)]) for _ in range(64)]
    run = json.dumps({**case["runs"][0], "warmup": {}, "samples": {"pin": "PIN", "unpin": "UNPIN", "pages": 1}})
    head["results"] = ["RESULTS"]
    before, after = json.dumps(head).split('"RESULTS"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(before)
        for i in range(results):
            pinner = f"pinner-{i // 50}"
            case["key"] = f"{pinner},base,exclusive,read,{i}K,n=1"
            case["params"].update(pinner=pinner, window=f"{i}K")
            case["runs"] = ["RUNS"]
            start, end = json.dumps(case).split('"RUNS"')
            file.write((", " if i else "") + start)
            file.write(", ".join(run.replace('"PIN"', rng.choice(lists)).replace('"UNPIN"', rng.choice(lists))
                                 .replace('"index": 0', f'"index": {j}') for j in range(runs)))
            file.write(end)
        file.write(after)


def cost(arguments):
    """Processor seconds and the most KiB of one run of a program that has to end well."""
    child = os.fork()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.execv(arguments[0], arguments)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"not ok - exit status {os.waitstatus_to_exitcode(status)} of {' '.join(arguments)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def best(arguments, limit, tries=1, simple=None):
    """
    The least of @tries, and of more until one is within the limit: seconds, KiB, limit. A machine that is slow at the
    simplest shape gets its time in proportion; its speed changes, so that is measured beside each try.
    """
    least, most = None, 0
    for nr in range(TRIES):
        beside = max(cost(simple)[0] for _ in range(2)) if simple and nr else 0
        took, kib = cost(arguments)
        if simple and nr:
            limit = max(limit, TIMES_SIMPLE * max(beside, cost(simple)[0]))
        least = took if least is None else min(least, took)
        most = max(most, kib)
        if nr + 1 >= tries and least <= limit:
            break
    return least, most, limit


def check(good, what):
    print(f"{'ok' if good else 'not ok'} - {what}")
    return not good


def main():
    pinbench, bad = sys.argv[1], False
    # As many runs as a file can hold are 70,000: each takes seven of its objects and lists.
    shapes = [(1, 1000, 1000), (1000, 10, 100), (100, 100, 100), (10000, 5, 20), (1000, 70, 14)]
    least = {}
    with tempfile.TemporaryDirectory() as directory:
        simple = None
        for shape in shapes:
            files = [os.path.join(directory, f"{'x'.join(map(str, shape))}-{name}.json") for name in ("base", "new")]
            for seed, path in enumerate(files):
                write(path, *shape, seed)
            for fmt in ("text", "json"):
                limit = max(LIMIT_S, TIMES_SIMPLE * least[shapes[0]]) if least else LIMIT_S
                seconds, kib, limit = best([pinbench, "compare", f"--format={fmt}", *files], limit,
                                           3 if shape in shapes[:2] and fmt == "text" else 1, simple)
                least.setdefault(shape, seconds)
                name = "{} x {} x {} samples".format(*shape)
                bad |= check(seconds <= limit, f"{name}, {fmt}: {seconds:.2f} of {limit:.1f} s")
                bad |= check(kib <= LIMIT_KIB, f"{name}, {fmt}: {kib >> 10} of {LIMIT_KIB >> 10} MiB")
            if simple:
                for path in files:
                    os.unlink(path)
            simple = simple or [pinbench, "compare", *files]
        for shape in ((1, 1000, 100), (100, 10, 100)):
            files = [os.path.join(directory, name) for name in ("base.json", "new.json")]
            for seed, path in enumerate(files):
                write(path, *shape, seed)
            small = best([pinbench, "compare", *files], LIMIT_S, 5)[0]
            large = least[shapes[0] if shape[0] == 1 else shapes[1]]
            bad |= check(large <= 15 * small, f"ten times the samples take {large / small:.1f} times as long, "
                                              f"{large:.2f} s")
    return bad


if __name__ == "__main__":
    sys.exit(main())
