#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Breaks the program in small ways, one at a time, and sees whether its tests notice.

usage: tests/mutants/mutants.py [--seed N] [--nr N] [--jobs N] [--only 'PATTERN...'] [--units] [--list]

A mutant is one small change of one line: another comparison, a constant off by one, && for ||, + for -, fmin for fmax, a
statement or a check that is gone, a condition turned round. The seed draws them over all lines of the files in AREAS, at most
one a line. What does not compile, or compiles to the same machine code, is no mutant, and another is drawn. Those that
tests/mutants/equivalent.txt names are left out for the reason that stands there. Each is compiled alone, linked into the tests
that concern its file, and these are run by tests/run until one fails or runs out of time: killed.

Everything happens in a copy of the tree below build/mutants. Ends with "N of M killed"; status 1 below 90 %.
"""
import argparse
import concurrent.futures
import filecmp
import fnmatch
import os
import queue
import random
import re
import shlex
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(TOP, "build", "mutants")
TREE = os.path.join(WORK, "tree")
PLAIN, SAN = "build/plain", "build/san"  # inside of the copy
EQUIVALENT = "tests/mutants/equivalent.txt"
BAR = 0.9

# Files of an area, the unit tests and then the scripts that concern them. The first row that matches counts.
AREAS = [
    ("src/stats.c", "test_stats test_verdict test_precision test_steady test_compare", "compare.sh"),
    ("src/rank*.c", "test_rank test_verdict test_precision test_rank_laws", "compare.sh"),
    ("src/summary.c", "test_stats test_compare test_formats test_verdict", "compare.sh"),
    ("src/precision.c", "test_precision", ""),
    ("src/steady.c", "test_steady", ""),
    ("src/trend.c", "test_steady test_stats", ""),
    ("src/unshare.c", "test_compare test_formats", "compare.sh"),
    ("src/verdict*.c", "test_verdict test_verdict_* test_compare test_formats", "compare.sh"),
    ("src/gate*.c", "test_gate*", "gate.sh"),
    ("src/comparable.c", "test_compar*", "compare.sh gate.sh"),
    ("src/journal*.c", "test_journal* test_hugepage", ""),
    ("src/hugepage.c", "test_hugepage test_journal*", ""),
    ("src/report*.c", "test_report* test_formats test_schedule test_import", "compare.sh"),
    ("bench/frames.c", "test_frames", ""),
    ("bench/states.c", "test_states", ""),
]


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, **options)


# --- what can be broken ---

def masked(text):
    """The text with comments, strings, characters and preprocessor lines blanked: the same length."""
    pattern = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*", re.S | re.M)
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


SWAPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
         "+=": "-=", "-=": "+=", "fmin": "fmax", "fmax": "fmin", "true": "false", "false": "true"}
OPERATOR = re.compile(r"(?<= )(?:<=|>=|<|>|==|!=|&&|\|\||\+=|-=|\+|-)(?=[ \n])|\bfm(?:in|ax)\b|(?<=return )(?:true|false)(?=;)")
WHOLE = re.compile(r"(?<![\w.])(?:0[xX][0-9a-fA-F]+|\d+)(?=(?:[uU]?[lL]{0,2})\b)(?![\w.]*[.eE])")
FRACTION = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
DECLARATION = re.compile(r"^\s*(?:static |const |unsigned |struct |enum |auto\w+ |volatile )*(?:char|int|bool|double|size_t|ssize_t|"
                         r"long|u?int\d+_t|struct \w+|enum \w+|FILE|pid_t|json_t|void)\s+\**\w[^()]*;\s*$")
STATEMENT = re.compile(r"^\t+(?!return\b|goto\b|case\b|default\b|if\b|for\b|while\b|else\b|do\b|[})]|\.|static\b|struct\b|const\b|auto\w+\b)"
                       r"(?:\w|\*|\().*;$")
CONDITION = re.compile(r"\b(if|while) \((.*)\)$")


def candidates(path):
    """(path, line number, name, new line) of every change of one line of a file."""
    with open(os.path.join(TREE, path), encoding="utf-8") as file:
        text = file.read()
    lines, bare = text.split("\n"), masked(text).split("\n")
    depth = 0
    for nr, (line, code) in enumerate(zip(lines, bare), 1):
        inside, depth = depth > 0, depth + code.count("{") - code.count("}")
        if not inside and "{" not in code and not re.search(r"= .*;", code):
            continue
        for found in OPERATOR.finditer(code + "\n"):
            yield path, nr, f"{found[0]} is {SWAPS[found[0]]}", line[:found.start()] + SWAPS[found[0]] + line[found.end():]
        for found in WHOLE.finditer(code):
            # how much room there is, is no behaviour
            if re.search(r"\w\[\s*$", code[:found.start()]) and DECLARATION.match(code):
                continue
            octal = re.fullmatch(r"0\d+", found[0])
            value = int(found[0], 8 if octal else 0)
            for other in (value + 1, value - 1):
                if other >= 0:
                    new = f"0{other:o}" if octal else str(other)
                    yield path, nr, f"{found[0]} is {new}", line[:found.start()] + new + line[found.end():]
        for found in FRACTION.finditer(code):
            yield path, nr, f"twice {found[0]}", line[:found.start()] + repr(float(found[0]) * 2) + line[found.end():]
        before = next((earlier for earlier in reversed(bare[:nr - 1]) if earlier.strip()), "")
        starts = inside and re.search(r"[;{}):]\s*$|\belse\s*$", before)
        if starts and STATEMENT.match(code) and not DECLARATION.match(code):
            yield path, nr, "the statement is gone", re.match(r"\t*", line)[0] + ";"
        found = CONDITION.search(code.rstrip())
        if found and code[:found.start()].count("(") == code[:found.start()].count(")"):
            condition = line[found.start(2):found.end(2)]
            yield path, nr, "the condition is turned round", f"{line[:found.start(2)]}!({condition}){line[found.end(2):]}"
            if found[1] == "if" and re.match(r"\t+(?:return|goto|continue|break)\b", bare[nr] if nr < len(bare) else ""):
                yield path, nr, "the check is gone", f"{line[:found.start(2)]}0 && ({condition}){line[found.end(2):]}"


def equivalents():
    """{(file, old line, new line): reason} of the list: file, "- old", "+ new", "= reason", a blank line between."""
    known = {}
    with open(os.path.join(TREE, EQUIVALENT), encoding="utf-8") as file:
        blocks = re.split(r"\n\s*\n", re.sub(r"^#.*\n", "", file.read(), flags=re.M).strip())
    for block in filter(None, blocks):
        rows = block.split("\n")
        if len(rows) != 4 or [row[:2] for row in rows[1:]] != ["- ", "+ ", "= "]:
            sys.exit(f"{EQUIVALENT}: not a file, \"- \", \"+ \" and \"= \": {block}")
        known[rows[0], rows[1][2:], rows[2][2:]] = rows[3][2:]
    return known


# --- the copy, and how it is built ---

def copy_tree():
    """What git knows or would add. Files that did not change keep their time, so that make builds only what did."""
    listed = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True).stdout
    names = {name for name in os.fsdecode(listed).split("\0") if name and os.path.lexists(os.path.join(TOP, name))}
    for folder, folders, files in os.walk(TREE):
        if folder == TREE and "build" in folders:
            folders.remove("build")
        for name in files:
            if os.path.relpath(os.path.join(folder, name), TREE) not in names:
                os.unlink(os.path.join(folder, name))
    for name in names:
        source, target = os.path.join(TOP, name), os.path.join(TREE, name)
        if os.path.islink(source) or not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.lexists(target):
                os.unlink(target)
            shutil.copy(source, target, follow_symlinks=False)


SANITIZE = "-fsanitize=address,undefined"


class Build:
    """A build in the copy, and the commands of make for it, asked once for each target."""

    def __init__(self, folder):
        self.folder, self.commands = folder, {}
        flags = f"{SANITIZE} -fno-sanitize-recover=all" if folder == SAN else ""
        # in the environment, where the Makefile may add to it
        self.environment = dict(os.environ, CFLAGS=f"-O1 {flags}", LDFLAGS=SANITIZE if folder == SAN else "")

    def make(self, *arguments):
        return run(["make", "--no-print-directory", f"B={self.folder}", "PROGRAM=", "VERSION=mutant", *arguments], cwd=TREE,
                   env=self.environment)

    def object(self, path):
        return f"{self.folder}/{path[:-2]}.o"

    def program(self, name):
        return f"{self.folder}/tests/{name}" if name.startswith("test_") else f"{self.folder}/pinbench"

    def learn(self, target, changed):
        """The line with which make would build @target if @changed were new."""
        if target in self.commands:
            return
        for line in self.make("-n", "V=1", "-W", changed, target).stdout.split("\n"):
            if f" -o {target} " in line + " ":
                self.commands[target] = shlex.split(line)
                return
        sys.exit(f"mutants: make does not say how {target} is built")

    def compile(self, path, source, target):
        swap = {self.object(path): target, path: source}
        return run([swap.get(word, word) for word in self.commands[self.object(path)]], cwd=TREE).returncode == 0

    def code(self, path, source, target):
        """The machine code of @source as users get it."""
        swap = {self.object(path): target, path: source, "-O1": "-O2"}
        run([swap.get(word, word) for word in self.commands[self.object(path)]], cwd=TREE)
        with open(target, "rb") as file:
            return file.read()

    def link(self, name, path, instead, target):
        swap = {self.program(name): target, self.object(path): instead}
        return run([swap.get(word, word) for word in self.commands[self.program(name)]], cwd=TREE).returncode == 0


def area_of(path):
    return next((row for row in AREAS if fnmatch.fnmatch(path, row[0])), None)


def tests_of(path):
    _, units, scripts = area_of(path)
    names = []
    for pattern in units.split():
        there = sorted(name[:-2] for name in os.listdir(os.path.join(TREE, "tests")) if fnmatch.fnmatch(name, pattern + ".c"))
        names += [name for name in there if name not in names]
    return names, [name for name in scripts.split() if os.path.exists(os.path.join(TREE, "tests/cli", name))]


def run_test(test, pinbench, limit):
    environment = dict(os.environ, PINBENCH=pinbench, PINBENCH_TEST_TIMEOUT=str(limit), ASAN_OPTIONS="")
    done = run(["bash", "-c", 'ulimit -c 0; exec tests/run "$1"', "-", test], cwd=TREE, env=environment)
    return done.returncode == 0, done.stdout


class Trial:
    """A mutant is compiled, linked and tested in a place that is free."""

    def __init__(self, plain, san, limits, places):
        self.plain, self.san, self.limits, self.places, self.codes = plain, san, limits, places, {}

    def killer(self, build, path, source, place, names):
        target = os.path.join(place, "mutant.o")
        if not build.compile(path, source, target):
            return "gone"
        linked = None
        for name in names:
            unit = name.startswith("test_")
            if unit or not linked or not linked.endswith("/pinbench"):
                linked = os.path.join(place, os.path.basename(build.program(name)))
                if not build.link(name, path, target, linked):
                    return "gone"
            if not run_test(linked if unit else f"tests/cli/{name}", linked, self.limits[name])[0]:
                return name
        return None

    def same(self, path, source, place):
        if path not in self.codes:
            self.codes[path] = self.plain.code(path, path, os.path.join(place, "original.o"))
        return self.plain.code(path, source, os.path.join(place, "plain.o")) == self.codes[path]

    def judge(self, mutant):
        """"gone" (no program), "same" (no other code), or the test that killed it, or None."""
        path, nr, _, new = mutant
        units, scripts = tests_of(path)
        place = self.places.get()
        try:
            with open(os.path.join(TREE, path), encoding="utf-8") as file:
                lines = file.read().split("\n")
            lines[nr - 1] = new
            source = os.path.join(place, os.path.basename(path))
            with open(source, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
            killer = self.killer(self.plain, path, source, place, units)
            if not killer and self.same(path, source, place):
                return "same"
            return killer or self.killer(self.san, path, source, place, units) or \
                (self.killer(self.plain, path, source, place, scripts) if scripts else None)
        finally:
            self.places.put(place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nr", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="*", help="files that match: 'src/verdict* src/rank*'")
    parser.add_argument("--units", action="store_true", help="without the scripts: sooner done, and harder")
    parser.add_argument("--list", action="store_true", help="the mutants, untested")
    options = parser.parse_args()
    started = time.monotonic()
    if options.units:
        AREAS[:] = [(pattern, units, "" if units else scripts) for pattern, units, scripts in AREAS]

    copy_tree()
    files = sorted(os.path.relpath(os.path.join(TREE, folder, name), TREE) for folder in ("src", "bench")
                   for name in os.listdir(os.path.join(TREE, folder)))
    files = [path for path in files if path.endswith(".c") and area_of(path) and any(fnmatch.fnmatch(path, pattern) for pattern in options.only.split())]
    pool = [mutant for path in files for mutant in candidates(path)]
    known, text = equivalents(), {path: open(os.path.join(TREE, path), encoding="utf-8").read().split("\n") for path in files}

    def key(mutant):
        return mutant[0], text[mutant[0]][mutant[1] - 1].strip(), mutant[3].strip()

    stale = set(entry for entry in known if entry[0] in files) - {key(mutant) for mutant in pool}
    for path, old, new in sorted(stale):
        print(f"{EQUIVALENT}: no such mutant any more: {path}: {old} -> {new}")
    random.Random(options.seed).shuffle(pool)
    seen, drawn = set(), []
    for mutant in pool:
        if mutant[:2] not in seen and key(mutant) not in known:
            seen.add(mutant[:2])
            drawn.append(mutant)
    if options.list:
        for mutant in drawn[:options.nr]:
            print(f"{mutant[0]}:{mutant[1]}: {mutant[2]}: {mutant[3].strip()}")
        return 0

    print(f"mutants: {len(pool)} of {len(files)} files, seed {options.seed}; building", flush=True)
    plain, san = Build(PLAIN), Build(SAN)
    names = {name for path in files for tests in tests_of(path) for name in tests}
    for build in (plain, san):
        made = build.make(f"-j{options.jobs}", *sorted({build.program(name) for name in names if build is plain or
                                                        name.startswith("test_")}))
        if made.returncode:
            sys.exit(made.stderr[-3000:])
    places = queue.SimpleQueue()
    for job in range(options.jobs):
        place = os.path.join(WORK, f"job{job}")
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place)
        places.put(place)
    for path in files:
        units, scripts = tests_of(path)
        for build in (plain, san):
            build.learn(build.object(path), path)
            for name in units + scripts if build is plain else units:
                build.learn(build.program(name), build.object("src/error.c"))

    def begin(name):
        begun = time.monotonic()
        for build in (plain, san) if name.startswith("test_") else (plain,):
            program = os.path.join(TREE, build.program(name))
            passed, said = run_test(program if name.startswith("test_") else f"tests/cli/{name}", program, 600)
            if not passed:
                print(f"fails without a mutant: {name}\n{said}")
                return name, 0
        return name, int(10 * (time.monotonic() - begun)) + 10

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as executor:
        limits = dict(executor.map(begin, sorted(names)))
    broken = 0 in limits.values()
    if broken:
        return 2
    print(f"mutants: {len(limits)} tests pass ({time.monotonic() - started:.0f} s)", flush=True)

    trial, areas, nr = Trial(plain, san, limits, places), {}, 0
    alive = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as executor:
        waiting, rest = [], iter(drawn)
        while nr < options.nr:
            while len(waiting) < 2 * options.jobs and (mutant := next(rest, None)):
                waiting.append((mutant, executor.submit(trial.judge, mutant)))
            if not waiting:
                break
            mutant, future = waiting.pop(0)
            killer = future.result()
            if killer in ("gone", "same"):
                continue
            nr += 1
            path, line, name, new = mutant
            count = areas.setdefault(area_of(path)[0], [0, 0])
            count[0] += killer is not None
            count[1] += 1
            print(f"{'killed' if killer else 'ALIVE '} {path}:{line}: {name}{f' ({killer})' if killer else ''}", flush=True)
            print(f"    -{text[path][line - 1].strip()}\n    +{new.strip()}", flush=True)
            if not killer:
                alive.append(mutant)
        for _, future in waiting:
            future.cancel()
    for area, (killed, total) in areas.items():
        print(f"{area:20} {killed} of {total}")
    for path, line, name, new in sorted(alive):
        print(f"alive: {path}:{line}: {name}: {new.strip()}")
    print(f"mutants: seed {options.seed}, {time.monotonic() - started:.0f} s")
    print(f"{nr - len(alive)} of {nr} killed")
    return bool(stale) or nr - len(alive) < BAR * nr


if __name__ == "__main__":
    sys.exit(main())
