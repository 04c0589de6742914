#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Breaks the program in small ways, one at a time, and sees whether its tests notice.

usage: tests/mutants/mutants.py [--seed N] [--nr N] [--jobs N] [--only 'PATTERN...'] [--units] [--san] [--named] [--list]

A mutant is one small change of one line: another comparison, a constant off by one, && for ||, + for -, fmin for fmax, a
statement or a check that is gone, a condition turned round. The seed draws them over all lines of the files in AREAS, at most
one a line. What does not compile, or compiles to the same machine code, is no mutant, and another is drawn. Those that
tests/mutants/equivalent.txt names are left out for the reason that stands there. Each is compiled alone, linked into the tests
that concern its file, and these are run, the one that is likely soon done first, until one says "not ok" or runs out of time: killed.

Everything happens in a copy of the tree below build/mutants. Ends with "N of M killed"; status 1 below 90 %.
"""
import argparse
import collections
import concurrent.futures
import filecmp
import fnmatch
import hashlib
import json
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
EQUIVALENT, NAMED = "tests/mutants/equivalent.txt", "tests/mutants/named.txt"
BAR = 0.9

# Files of an area, the unit tests and then the scripts that concern them. The first row that matches counts.
AREAS = [
    ("src/stats/stats.c", "test_stats test_verdict test_precision test_steady test_compare", "compare.sh"),
    ("src/stats/rank*.c", "test_rank test_verdict test_precision test_rank_laws", "compare.sh"),
    ("src/stats/summary.c", "test_stats test_compare test_formats test_verdict", "compare.sh"),
    ("src/stats/precision.c", "test_precision", ""),
    ("src/stats/steady.c", "test_steady", ""),
    ("src/stats/stats.c", "test_steady test_stats", ""),
    ("src/verdict/unshare.c", "test_compare test_formats", "compare.sh"),
    ("src/verdict/*.c", "test_verdict test_verdict_* test_compare test_formats", "compare.sh"),
    ("src/compare/gate*.c", "test_gate", ""),
    ("src/compare/*.c", "test_compar*", "compare.sh"),
    ("src/host/journal.c", "test_journal* test_hugepage", ""),
    ("src/host/journal_file.c", "test_journal test_hugepage", ""),
    ("src/host/hugepage.c", "test_hugepage test_journal", ""),
    ("src/result/*.c", "test_results* test_formats test_schedule test_import test_compare", "compare.sh"),
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
ROOM = re.compile(r"^\s*(?:static |const |unsigned )*[\w ]+\[[^]]*\]\s*=")
CONDITION = re.compile(r"\b(if|while) \((.*)\)$")


def candidates(path, san):
    """(path, line number, name, new line) of every change of one line of a file. What leaks is seen with @san alone."""
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
            if re.search(r"\w\[[^]]*$", code[:found.start()]) and (DECLARATION.match(code) or ROOM.match(code)):
                continue
            octal = re.fullmatch(r"0\d+", found[0])
            value = int(found[0], 8 if octal else 0)
            more_room = re.search(r"\b(?:calloc|malloc|reallocarray)\(", code[:found.start()])
            for other in (value + 1, value - 1):
                if other >= 0 and not (more_room and other > value):
                    new = f"0{other:o}" if octal else str(other)
                    yield path, nr, f"{found[0]} is {new}", line[:found.start()] + new + line[found.end():]
        for found in FRACTION.finditer(code):
            yield path, nr, f"twice {found[0]}", line[:found.start()] + repr(float(found[0]) * 2) + line[found.end():]
        before = next((earlier for earlier in reversed(bare[:nr - 1]) if earlier.strip()), "")
        starts = inside and re.search(r"[;{}):]\s*$|\belse\s*$", before)
        # abort() is never reached: memory.c has ended the program before
        if starts and STATEMENT.match(code) and not DECLARATION.match(code) and code.strip() != "abort();" and \
                (san or not re.match(r"\t+(?:\w+_)?free\(", code)):
            yield path, nr, "the statement is gone", re.match(r"\t*", line)[0] + ";"
        found = CONDITION.search(code.rstrip())
        if found and code[:found.start()].count("(") == code[:found.start()].count(")"):
            condition = line[found.start(2):found.end(2)]
            yield path, nr, "the condition is turned round", f"{line[:found.start(2)]}!({condition}){line[found.end(2):]}"
            if found[1] == "if" and re.match(r"\t+(?:return|goto|continue|break)\b", bare[nr] if nr < len(bare) else ""):
                yield path, nr, "the check is gone", f"{line[:found.start(2)]}0 && ({condition}){line[found.end(2):]}"


def listed(name):
    """{(file, old line, new line): reason} of the list: file, "- old", "+ new", "= reason", a blank line between."""
    known = {}
    with open(os.path.join(TREE, name), encoding="utf-8") as file:
        blocks = re.split(r"\n\s*\n", re.sub(r"^#.*\n", "", file.read(), flags=re.M).strip())
    for block in filter(None, blocks):
        rows = block.split("\n")
        if len(rows) != 4 or [row[:2] for row in rows[1:]] != ["- ", "+ ", "= "]:
            sys.exit(f"{name}: not a file, \"- \", \"+ \" and \"= \": {block}")
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
    """The build in the copy, and the commands of make for it, asked once for each target."""

    def __init__(self, san):
        self.folder, self.commands = SAN if san else PLAIN, {}
        # in the environment, where the Makefile may add to it; without -g, so that other code is another object
        linker = "-fuse-ld=lld" if shutil.which("ld.lld") else ""  # several times as fast
        self.environment = dict(os.environ, CFLAGS=f"-O1 {SANITIZE} -fno-sanitize-recover=all" if san else "-O2",
                                LDFLAGS=f"{SANITIZE if san else ''} {linker}")
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
            self.environment.pop(name, None)
        self.compiler = [f"CC={os.environ['CC']}"] if "CC" in os.environ else []

    def make(self, *arguments):
        return run(["make", "--no-print-directory", f"B={self.folder}", "PROGRAM=", "VERSION=mutant", *self.compiler, *arguments],
                   cwd=TREE, env=self.environment)

    def object(self, path):
        return f"{self.folder}/{path[:-2]}.o"

    def program(self, name):
        return f"{self.folder}/tests/{name}" if name.startswith("test_") else f"{self.folder}/pinbench"

    def learn(self, targets):
        """The lines with which make would build @targets if nothing were built."""
        for line in self.make("-n", "-B", "V=1", *targets).stdout.split("\n"):
            found = re.search(r" -o (\S+)( |$)", line)
            if found and found[1] in targets:
                self.commands[found[1]] = shlex.split(line)
        for target in targets:
            if target not in self.commands:
                sys.exit(f"mutants: make does not say how {target} is built")

    def compile(self, path, source, target):
        swap = {self.object(path): target, path: source}
        return run([swap.get(word, word) for word in self.commands[self.object(path)]], cwd=TREE).returncode == 0

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
    return names + [name for name in scripts.split() if os.path.exists(os.path.join(TREE, "tests/cli", name))]


def run_test(test, pinbench, limit):
    """Whether a test passes, by the rules of tests/run, and what it said. It is stopped at the first thing that fails."""
    environment = dict(os.environ, PINBENCH=pinbench, CMOCKA_MESSAGE_OUTPUT="TAP", LC_ALL="C")
    for name in ("PINBENCH_TEST_DEPTH", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        environment.pop(name, None)
    with subprocess.Popen(["bash", "-c", 'ulimit -c 0; exec timeout -k 5 "$1" "$2" 2>&1', "-", str(limit), test], cwd=TREE,
                          env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace") as child:
        said, count, planned = [], 0, 0
        for line in child.stdout:
            said.append(line)
            skipped = re.search(r"# skip", line, re.I)
            if line.startswith("not ok") and not skipped:
                child.terminate()  # timeout hands it on to the group of the test
                return False, "".join(said)
            count += bool(re.match(r"(not )?ok\b", line))
            plan = re.fullmatch(r"1\.\.(\d{1,6})\n?", line)
            planned += int(plan[1]) if plan else 0
        return child.wait() in (0, 77) and count > 0 and count >= planned, "".join(said)


class Trial:
    """A mutant is compiled, linked and tested in a place that is free."""

    def __init__(self, build, seconds, places):
        self.build, self.seconds, self.places, self.originals = build, seconds, places, {}
        self.tried, self.killed = collections.Counter(), collections.Counter()

    def price(self, path, name):
        """What a kill by this test is expected to cost: a quick one goes first, and one that often finds what is broken in a file."""
        return (self.seconds[name] + 0.5) * (self.tried[path, name] + 2) / (self.killed[path, name] + 1)

    def killer(self, path, mutant, place):
        """The first test that fails."""
        for name in sorted(tests_of(path), key=lambda name: self.price(path, name)):
            program = os.path.join(place, os.path.basename(self.build.program(name)))
            if not self.build.link(name, path, mutant, program):
                return "gone"
            test = program if name.startswith("test_") else f"tests/cli/{name}"
            passed = run_test(test, program, int(4 * self.seconds[name]) + 10)[0]
            self.tried[path, name] += 1
            self.killed[path, name] += not passed
            if not passed:
                return name
        return None

    def compile(self, path, lines, place):
        # the source has its own name, which stands in the object
        source, target = os.path.join(place, os.path.basename(path)), os.path.join(place, "mutant.o")
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        if not self.build.compile(path, source, target):
            return None
        with open(target, "rb") as file:
            return file.read()

    def judge(self, mutant):
        """"gone" (no program), "same" (no other code), or the test that killed it, or None."""
        path, nr, _, new = mutant
        place = self.places.get()
        try:
            with open(os.path.join(TREE, path), encoding="utf-8") as file:
                lines = file.read().split("\n")
            if path not in self.originals:
                self.originals[path] = self.compile(path, lines, place)
            lines[nr - 1] = new
            code = self.compile(path, lines, place)
            if not code:
                return "gone"
            return "same" if code == self.originals[path] else self.killer(path, os.path.join(place, "mutant.o"), place)
        finally:
            self.places.put(place)


def measure(build, names, jobs):
    """{test: seconds} without a mutant, of those that pass; what did not change since the last time is not asked again."""
    kept, known = os.path.join(build.folder, "seconds.json"), {}
    if os.path.exists(os.path.join(TREE, kept)):
        with open(os.path.join(TREE, kept), encoding="utf-8") as file:
            known = json.load(file)

    def begin(name):
        program, script = os.path.join(TREE, build.program(name)), os.path.join(TREE, "tests/cli", name)
        digest = hashlib.sha256()
        for path in [program] + [script] * os.path.exists(script):
            with open(path, "rb") as file:
                digest.update(file.read())
        digest = digest.hexdigest()
        if digest in known:
            return name, digest, known[digest]
        begun = time.monotonic()
        passed, said = run_test(program if name.startswith("test_") else f"tests/cli/{name}", program, 600)
        if not passed:
            print(f"fails without a mutant: {name}\n{said}", flush=True)
        return name, digest, time.monotonic() - begun if passed else None

    with concurrent.futures.ThreadPoolExecutor(jobs) as executor:
        took = [row for row in executor.map(begin, sorted(names)) if row[2] is not None]
    with open(os.path.join(TREE, kept), "w", encoding="utf-8") as file:
        json.dump({**known, **{digest: seconds for _, digest, seconds in took}}, file)
    return {name: seconds for name, _, seconds in took}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nr", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2 * os.cpu_count(), help="tests wait more than they compute")
    parser.add_argument("--only", default="*", help="files that match: 'src/verdict* src/rank*'")
    parser.add_argument("--units", action="store_true", help="without the scripts: sooner done, and harder")
    parser.add_argument("--named", action="store_true", help=f"those that {NAMED} lists, instead of any at random")
    parser.add_argument("--san", action="store_true", help="with ASan and UBSan: finds more, takes longer")
    parser.add_argument("--list", action="store_true", help="the mutants, untested")
    options = parser.parse_args()
    started = time.monotonic()
    if options.units:
        AREAS[:] = [(pattern, units, "" if units else scripts) for pattern, units, scripts in AREAS]

    copy_tree()
    files = sorted(os.path.relpath(os.path.join(room, name), TREE) for folder in ("src", "bench")
                   for room, _, names in os.walk(os.path.join(TREE, folder)) for name in names)
    files = [path for path in files if path.endswith(".c") and area_of(path) and any(fnmatch.fnmatch(path, pattern) for pattern in options.only.split())]
    pool = [mutant for path in files for mutant in candidates(path, options.san)]
    known, text = listed(EQUIVALENT), {path: open(os.path.join(TREE, path), encoding="utf-8").read().split("\n") for path in files}

    def key(mutant):
        return mutant[0], text[mutant[0]][mutant[1] - 1].strip(), mutant[3].strip()

    stale = set(entry for entry in known if entry[0] in files) - {key(mutant) for mutant in pool}
    random.Random(options.seed).shuffle(pool)
    if options.named:
        named = listed(NAMED)
        lines = {(path, old): nr for path in files for nr, old in enumerate(map(str.strip, text[path]), 1)}
        stale |= {entry for entry in named if entry[0] in files and entry[:2] not in lines}
        pool = [(path, lines[path, old], why, new) for (path, old, new), why in named.items() if (path, old) in lines]
        options.nr = len(pool)
    seen, drawn = set(), []
    for mutant in pool:
        if options.named or mutant[:2] not in seen and key(mutant) not in known:
            seen.add(mutant[:2])
            drawn.append(mutant)
    for path, old, new in sorted(stale):
        print(f"no such mutant any more: {path}: {old} -> {new}")
    if options.list:
        for mutant in drawn[:options.nr]:
            print(f"{mutant[0]}:{mutant[1]}: {mutant[2]}: {mutant[3].strip()}")
        return 0

    print(f"mutants: {len(pool)} of {len(files)} files, seed {options.seed}; building", flush=True)
    build = Build(options.san)
    names = {name for path in files for name in tests_of(path)}
    programs = sorted({build.program(name) for name in names})
    made = build.make(f"-j{os.cpu_count()}", *programs)
    if made.returncode:
        sys.exit(made.stderr[-3000:])
    build.learn(programs + [build.object(path) for path in files])
    places = queue.SimpleQueue()
    for job in range(options.jobs):
        place = os.path.join(WORK, f"job{job}")
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place)
        places.put(place)

    seconds = measure(build, names, options.jobs)
    if len(seconds) < len(names):
        return 2
    print(f"mutants: {len(seconds)} tests pass ({time.monotonic() - started:.0f} s)", flush=True)

    trial, areas, nr = Trial(build, seconds, places), {}, 0
    alive = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as executor:
        waiting, rest = [], iter(drawn)
        while nr < options.nr:
            while len(waiting) < 16 * options.jobs and (mutant := next(rest, None)):
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
