#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
usage: tests/torture/faults.py malloc|syscalls [EVERY] [VERB...]

Every verb with one thing going wrong: each allocation in turn (malloc), or each invocation of each system call with each error
that fits it (syscalls). EVERY: only each EVERYth of them (1). Afterwards:

- nothing crashed: no signal, and no exit code that pinbench(1) does not know;
- nothing hangs, and no process is left;
- exit 0 means that output and files are those of a run without the fault, byte for byte, but for what was measured;
- no file is left but the output, and the kernel's settings are as before, at the latest after the next invocation.

Needs root: it works in a mount namespace with a /tmp and a /run/pinbench of its own, so that it sees all that is left there.
"""
import ctypes
import errno, json, mmap, os, re, shutil, signal, struct, subprocess, sys, time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SECONDS = 60        # a hang
GONE_SECONDS = 10   # what a process left behind may still do
CODES = {0, 1, 2, 3, 4, 128, 130}

bad = 0


def say(good, text):
    global bad
    bad += not good
    print(("ok - " if good else "not ok - ") + text, flush=True)


# --- a place where nobody else leaves anything ---


def enter_namespace():
    """Again, in a mount namespace of our own. The tree stays in sight, wherever it is."""
    if os.environ.get("FAULTS_INSIDE"):
        return
    if os.geteuid() != 0:
        print("ok - one thing goes wrong # SKIP needs root")
        sys.exit(0)
    os.makedirs("/run/pinbench", 0o700, exist_ok=True)
    program = os.path.realpath(os.environ.get("PINBENCH", os.path.join(TOP, "pinbench")))
    starve = os.path.realpath(os.environ.get("STARVE_SO", os.path.join(os.path.dirname(program), "tests/torture/starve.so")))
    script = (
        'set -e; mount --make-rprivate /; mount --bind "$1" /mnt; mount -t tmpfs -o mode=1777 tmpfs /tmp; '
        'mount -t tmpfs -o mode=700 tmpfs /run/pinbench; cd /mnt; shift; exec "$@"'
    )
    env = dict(os.environ, FAULTS_INSIDE="1", LC_ALL="C.UTF-8")
    for name, path in (("PINBENCH", program), ("STARVE_SO", starve)):
        env[name] = os.path.join("/mnt", os.path.relpath(path, TOP)) if path.startswith(TOP + "/") else path
    env.pop("TMPDIR", None)
    argv = ["unshare", "-m", "bash", "-c", script, "bash", TOP, sys.executable, "/mnt/tests/torture/faults.py"] + sys.argv[1:]
    os.execvpe("unshare", argv, env)


def adopt():
    """What a dead process leaves running becomes our child."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(36, 1, 0, 0, 0):  # PR_SET_CHILD_SUBREAPER
        raise OSError(ctypes.get_errno(), "prctl")


def await_orphans():
    """False: one is still there after GONE_SECONDS; it is killed then."""
    until = time.monotonic() + GONE_SECONDS
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            if time.monotonic() > until:
                break
            time.sleep(0.001)
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:
        for pid in children.read().split():
            os.kill(int(pid), signal.SIGKILL)
            os.waitpid(int(pid), 0)
    return False


def knobs():
    found = {}
    for top in ("/sys/kernel/mm/hugepages", "/sys/devices/system/node"):
        for place, _, names in os.walk(top):
            for name in names:
                if name in ("nr_hugepages", "nr_overcommit_hugepages"):
                    path = os.path.join(place, name)
                    with open(path, encoding="ascii") as file:
                        found[path] = file.read()
    return found


# --- the verbs ---

FIXTURES = "/mnt/tests/fixtures"
WORK = "/tmp/work"
PROGRAM = os.environ.get("PINBENCH", "")
BEFORE, AFTER = FIXTURES + "/before.json", FIXTURES + "/after.json"

# A case that any kernel can run; one with a peer; and a setting that has to be changed.
JOB = {
    "defaults": {"pinner": "null", "samples": 3, "warmup": 1, "window": "head", "access": "read"},
    "cases": [{"layout": "base", "state": "exclusive"}, {"layout": "base", "state": "shared"}],
}
JOB_HUGE = {"defaults": JOB["defaults"], "cases": [{"layout": "hugetlb-2M", "state": "exclusive"}]}


def result_shape(text, facts=True):
    """Of a result file: all but what was measured, and what depends on whether others pin at the same time."""
    report = json.loads(text)
    shape = [report["complete"]]
    if facts:
        shape.append(sorted(report["environment"]))
    for result in report["results"]:
        runs = [[(name, len(values) if isinstance(values, list) else values) for name, values in sorted(run["samples"].items())]
                for run in result.get("runs", [])]
        truth = [name for name in sorted(result.get("truth", {})) if not name.startswith(("pins_", "held_"))]
        shape.append([result["key"], result["status"], result.get("why"), runs, sorted(result.get("counts", {})), truth])
    return json.dumps(shape, indent=1)


def unread(text):
    """Whether the file says that a fact could not be read: it may be missing then."""
    return '"unread"' in text


def case_shown(text):
    """Of the table of a run, which is made from the file: that it is there."""
    return " head " in text


def numbers_out(text):
    """Of a table of what was measured: words stay."""
    return re.sub(r"[ \t]+", " ", re.sub(r"[0-9][0-9.]*( ?(ns|us|ms|s|k|M|%|GHz|MHz|MiB|GiB|kHz))?\b|±\S+", "#", text))


def same(text):
    """A C library that cannot read its locale leaves ASCII: the same, in other characters."""
    return re.sub(" +", " ", text.replace("±", "+-"))


def stamped(name):
    return re.sub(r"-\d{8}T\d{6}Z(-\d+)?", "-UTC", name)


class Verb:
    def __init__(self, name, argv, output=None, screen=same, shape=same, code=0):
        self.name, self.argv, self.output, self.screen, self.shape, self.code = name, argv, output, screen, shape, code
        # gnuplot and QEMU take errors as they like
        self.follow = ["-f"] if argv[0] not in ("plot", "vm") else []


def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        file.write(value if isinstance(value, str) else json.dumps(value))


def verbs():
    os.makedirs("/tmp/in", exist_ok=True)
    write("/tmp/in/job.json", JOB)
    write("/tmp/in/huge.json", JOB_HUGE)
    with open("/tmp/in/a.img", "wb") as image:  # an image says its name; arm64's magic is at 0x38
        image.write(b"\0" * 56 + b"ARMd" + b"\0" * 4 + b"a")
    write("/tmp/in/guest", "guest")
    os.makedirs("/tmp/in/bin", exist_ok=True)
    shutil.copy(FIXTURES + "/qemu.py", "/tmp/in/bin/qemu-system-aarch64")
    os.chmod("/tmp/in/bin/qemu-system-aarch64", 0o755)
    # the environment does not reach it
    write("/tmp/in/bin/settings", "BOOT_LOG=/tmp/in/log\nBOOT_RESULT=/tmp/in/small.json\n")
    write("/tmp/in/log", "")
    os.chmod("/tmp/in/log", 0o666)
    shutil.copy(FIXTURES + "/small.json", "/tmp/in/small.json")
    return [
        Verb("list", ["list"]),
        Verb("list --json", ["list", "--json"]),
        Verb("doctor", ["doctor"], screen=numbers_out),
        Verb("doctor --json", ["doctor", "--json"], screen=numbers_out),
        Verb("restore", ["restore"]),
        Verb("run --dry-run", ["run", "--dry-run", "-c", "/tmp/in/job.json"]),
        Verb("run", ["run", "-c", "/tmp/in/job.json", "--label", "x", "-o", "out.json"], "out.json", case_shown, result_shape),
        Verb("run huge", ["run", "-c", "/tmp/in/huge.json", "--label", "x", "-o", "out.json"], "out.json", case_shown,
             result_shape),
        Verb("compare one", ["compare", BEFORE]),
        Verb("compare", ["compare", BEFORE, AFTER]),
        Verb("compare csv", ["compare", "--format=csv", BEFORE, AFTER]),
        Verb("compare json", ["compare", "--format=json", BEFORE, AFTER]),
        Verb("compare markdown", ["compare", "--format=markdown", BEFORE, AFTER]),
        Verb("compare commit", ["compare", "--format=commit", BEFORE, AFTER]),
        Verb("gate", ["gate", BEFORE, AFTER], code=3),
        Verb("plot hit", ["plot", "hit", BEFORE, AFTER, "-o", "out.svg"], "out.svg"),
        Verb("plot cost", ["plot", "cost", FIXTURES + "/cost.json", "-o", "out.svg"], "out.svg"),
        Verb("import", ["import", "gup_test", FIXTURES + "/logs/bench-2026.log", "-o", "out.json"], "out.json"),
        Verb("export csv", ["export", "csv", BEFORE, AFTER]),
        Verb("export openmetrics", ["export", "openmetrics", BEFORE, "after=" + AFTER, "-o", "out.om"], "out.om"),
        Verb("vm", ["vm", "--accel", "tcg", "--qemu", "/tmp/in/bin", "--guest", "/tmp/in/guest", "-o", "out", "-k", "a=/tmp/in/a.img", "--boots", "1",
                    "--clock", "icount", "--", "run"], "out", stamped, result_shape),
    ]


# --- one invocation, and what it left ---


class Outcome:
    pass


def invoke(verb, prefix=(), env=None):
    """A fresh directory, the program, and a look around."""
    shutil.rmtree(WORK, ignore_errors=True)
    os.mkdir(WORK)
    before = set(os.listdir("/tmp"))
    out = Outcome()
    merged = dict(os.environ, COLUMNS="120", **(env or {}))
    with open("/tmp/out", "wb") as stdout, open("/tmp/err", "wb") as stderr:
        child = subprocess.Popen(list(prefix) + [PROGRAM] + verb.argv, cwd=WORK, env=merged, stdin=subprocess.DEVNULL,
                                 stdout=stdout, stderr=stderr, start_new_session=True)
        try:
            out.code = child.wait(SECONDS)
            out.hung = False
        except subprocess.TimeoutExpired:
            out.hung = True
            os.killpg(child.pid, signal.SIGKILL)
            out.code = child.wait()
    out.orphans = not await_orphans()
    with open("/tmp/out", encoding="utf-8", errors="replace") as file:
        out.stdout = file.read()
    with open("/tmp/err", encoding="utf-8", errors="replace") as file:
        out.stderr = file.read()
    out.files = {}
    for place, _, names in os.walk(WORK):
        for name in names:
            with open(os.path.join(place, name), encoding="utf-8", errors="replace") as file:
                out.files[os.path.relpath(os.path.join(place, name), WORK)] = file.read()
    out.left = set(os.listdir("/tmp")) - before - {"out", "err"}
    return out


class Sweep:
    def __init__(self, verb):
        self.verb = verb
        self.knobs = knobs()
        self.reference = invoke(verb)
        self.nr = self.nr_zero = 0
        self.faults = []
        if self.reference.code != verb.code:
            self.fault("without a fault", f"exit {self.reference.code}: {self.reference.stderr}")

    def fault(self, what, text):
        self.faults.append(f"{what}: {text}")

    def look(self, what, out):
        """What is wrong with an invocation that met a fault."""
        verb, ref = self.verb, self.reference
        self.nr += 1
        if out.hung:
            self.fault(what, "hangs")
        elif out.code not in CODES | self.allowed:
            self.fault(what, f"exit {out.code}: {out.stderr[-300:]}")
        if out.orphans:
            self.fault(what, "a process is left")
        files = {stamped(name): text for name, text in out.files.items()}
        wanted = {stamped(name): text for name, text in ref.files.items()}
        if set(files) - set(wanted) or out.left:
            self.fault(what, f"left {sorted(set(files) - set(wanted)) + sorted(out.left)} (exit {out.code})")
            for name in out.left:
                shutil.rmtree("/tmp/" + name, ignore_errors=True)
        if out.code == 0 and verb.code == 0:
            self.nr_zero += 1
            # what cannot be used is what doctor is asked for, and it says why
            told = verb.name.startswith("doctor") and self.why and (self.why in out.stdout or "was ended by itself" in out.stdout)
            if verb.screen(out.stdout) != verb.screen(ref.stdout) and not told:
                self.fault(what, f"exit 0 and other output: {self.differing(str(verb.screen(ref.stdout)), str(verb.screen(out.stdout)))}")
            if set(files) != set(wanted):
                self.fault(what, f"exit 0 without {sorted(set(wanted) - set(files))}")
        # what stands there is whole, whatever the exit code
        for name in set(files) & set(wanted):
            try:
                facts = (False,) if unread(files[name]) else ()
                shape, other = verb.shape(wanted[name], *facts), verb.shape(files[name], *facts)
            except (ValueError, KeyError) as why:
                self.fault(what, f"{name} is torn: {why!r} (exit {out.code})")
                continue
            if shape != other and out.code == 0:
                self.fault(what, f"exit 0 and another {name}: {self.differing(shape, other)}")
        if set(os.listdir("/run/pinbench")) - {"lock"} or (self.changes and knobs() != self.knobs):
            subprocess.run([PROGRAM, "list"], check=False, capture_output=True)
            if set(os.listdir("/run/pinbench")) - {"lock"}:
                self.fault(what, f"journals: {os.listdir('/run/pinbench')}")
            now = knobs()
            if now != self.knobs:
                self.fault(what, f"settings: {[(k, self.knobs[k], now[k]) for k in now if now[k] != self.knobs[k]]}")

    allowed = frozenset()
    changes = False
    why = ""  # the error of the call, in words

    @staticmethod
    def differing(one, other):
        for a, b in zip(one.split("\n") + ["(end)"], other.split("\n") + ["(end)"]):
            if a != b:
                return f"{b[:200]!r}, not {a[:200]!r}"
        return "?"

    def told(self, kind):
        for line in self.faults[:20]:
            print("# " + line.replace("\n", "\n# "))
        say(not self.faults, f"{self.verb.name}: {self.nr} {kind}, {self.nr_zero} of them without effect"
            + (f", {len(self.faults)} faults" if self.faults else ""))


# --- memory ---


def malloc_sweep(verb, every):
    library = os.environ["STARVE_SO"]
    path = "/tmp/starve"
    with open(path, "wb") as file:
        file.write(b"\0" * 32)
    with open(path, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 32)
    env = {"LD_PRELOAD": library, "STARVE": path}
    sweep = Sweep(verb)
    sweep.changes = "huge" in verb.name
    nr_failed = 0
    for onward in (0, 1):
        number = 1 + onward
        while True:
            struct.pack_into("QQQQ", shared, 0, 0, number, onward, 0)
            out = invoke(verb, env=env)
            if not struct.unpack_from("Q", shared, 24)[0]:
                break  # there are fewer
            nr_failed += 1
            sweep.look(f"allocation {number}{' and all later' if onward else ''}", out)
            if out.code == 128 and "pinbench: out of memory\n" not in out.stderr:
                sweep.fault(f"allocation {number}", f"exit 128 without a word: {out.stderr}")
            number += every if not onward else every * 10
    if not nr_failed:
        sweep.fault(library, "no allocation was counted")
    sweep.told("allocations failed")
    return nr_failed


# --- system calls ---

IO = "EINTR EIO"
ERRORS = {
    "read": IO, "pread64": IO, "readv": IO, "getdents64": "EIO ENOMEM",
    "write": IO + " ENOSPC", "pwrite64": IO + " ENOSPC", "writev": IO + " ENOSPC",
    # not EPERM: that may not be done here, and what is left is measured
    "openat": "EINTR EIO ENOMEM EMFILE", "open": "EINTR EIO ENOMEM EMFILE", "close": IO,
    "newfstatat": "EIO ENOMEM", "fstat": "EIO ENOMEM", "statx": "EIO ENOMEM", "access": "EIO ENOMEM", "faccessat2": "EIO ENOMEM",
    "readlink": "EIO ENOMEM", "lseek": "EIO", "fcntl": "EINTR ENOMEM", "flock": "EINTR ENOMEM", "ftruncate": "EINTR EIO",
    "fsync": "EIO ENOSPC", "fdatasync": "EIO ENOSPC", "rename": "EIO ENOSPC EPERM", "renameat": "EIO ENOSPC EPERM",
    "linkat": "EIO ENOSPC EPERM", "renameat2": "EIO ENOSPC EPERM",
    "mkdir": "EIO ENOSPC EPERM", "mkdirat": "EIO ENOSPC EPERM", "unlink": "EIO EPERM", "unlinkat": "EIO EPERM", "rmdir": "EIO EPERM",
    "fchown": "EIO EPERM", "chown": "EIO EPERM", "fchmod": "EIO EPERM",
    "mmap": "ENOMEM EPERM", "munmap": "ENOMEM", "mprotect": "ENOMEM", "brk": "ENOMEM", "madvise": "ENOMEM", "mbind": "ENOMEM EIO",
    "mremap": "ENOMEM",
    "clone": "ENOMEM EAGAIN", "clone3": "ENOMEM EAGAIN", "fork": "ENOMEM EAGAIN", "vfork": "ENOMEM EAGAIN",
    "pipe2": "ENOMEM EMFILE", "dup2": "EINTR EMFILE", "dup3": "EINTR EMFILE", "memfd_create": "ENOMEM EMFILE",
    "socketpair": "ENOMEM EMFILE", "eventfd2": "ENOMEM EMFILE", "signalfd4": "ENOMEM EMFILE", "pidfd_open": "ENOMEM EMFILE",
    "perf_event_open": "ENOMEM EMFILE", "io_uring_setup": "ENOMEM EMFILE", "io_uring_register": "EINTR ENOMEM",
    "process_vm_readv": "ENOMEM", "poll": "EINTR ENOMEM", "ppoll": "EINTR ENOMEM", "wait4": "EINTR", "waitid": "EINTR",
    "clock_nanosleep": "EINTR", "nanosleep": "EINTR", "getrandom": "EINTR", "ioctl": "EINTR ENOMEM EIO",
    "prctl": "EPERM", "setpgid": "EPERM", "setsid": "EPERM", "prlimit64": "EPERM", "sched_setaffinity": "EPERM ENOMEM",
    "sched_getaffinity": "ENOMEM", "get_mempolicy": "ENOMEM EIO", "set_mempolicy": "ENOMEM", "setgroups": "EPERM ENOMEM",
    "setresuid": "EPERM EAGAIN", "setresgid": "EPERM", "chdir": "EIO ENOMEM", "statfs": "EIO ENOMEM", "getcwd": "ENOMEM",
    "execve": "EIO ENOMEM", "vmsplice": "ENOMEM EINTR", "splice": "ENOMEM EINTR", "umask": "",
    "mount": "ENOMEM EPERM", "unshare": "ENOMEM EPERM", "uname": "", "sysinfo": "",
}


def calls_of(verb):
    """
    How often each is called, by the process that does it most: strace counts invocations by process. And how often
    the dynamic linker does, before the program begins: up to where it unmaps its cache.
    """
    trace = "/tmp/trace"
    invoke(verb, ["strace", *verb.follow, "-qq", "-o", trace, "-e", "signal=none"])
    counts, linker, linking = {}, {}, True
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            match = re.match(r"(\d+)? *(\w+)\(", line)
            if not match:
                continue
            counts.setdefault(match[2], {}).setdefault(match[1], 0)
            counts[match[2]][match[1]] += 1
            if linking:
                linker[match[2]] = linker.get(match[2], 0) + 1
                linking = match[2] != "munmap"
    return {name: (max(by_process.values()), linker.get(name, 0)) for name, by_process in counts.items()}


def syscalls_sweep(verb, every):
    sweep = Sweep(verb)
    sweep.changes = "huge" in verb.name
    turn = 0
    unknown = []
    for name, (most, linker) in sorted(calls_of(verb).items()):
        # What strace lets fail stays open, which Linux never does (close(2)): who waits for the end of a pipe waits for ever.
        if name == "close" and verb.name == "vm":
            continue
        if name not in ERRORS:
            unknown.append(name)
            continue
        for when in range(1, most + 1):
            if name == "execve" and when == 1:
                continue  # the program itself
            for error in ERRORS[name].split():
                turn += 1
                if turn % every:
                    continue
                out = invoke(verb, ["strace", *verb.follow, "-qq", "-o", "/tmp/trace", "-e", f"trace={name}", "-e",
                                    "signal=none", "-e", f"inject={name}:error={error}:when={when}"])
                # before the program has begun the dynamic linker ends as it likes
                sweep.allowed = frozenset({127, -signal.SIGSEGV} if when <= linker else ())
                sweep.why = os.strerror(getattr(errno, error))
                sweep.look(f"{name} number {when}: {error}", out)
    print(f"# {verb.name}: never fail here: {' '.join(unknown)}")
    sweep.told("system calls failed")
    return sweep.nr


def main():
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    words = sys.argv[2:]
    if kind not in ("malloc", "syscalls"):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    enter_namespace()
    adopt()
    every = int(words.pop(0)) if words and words[0].isdigit() else 1
    total = 0
    for verb in verbs():
        if words and verb.name not in words:
            continue
        total += malloc_sweep(verb, every) if kind == "malloc" else syscalls_sweep(verb, every)
    print(f"# {total} {'allocations' if kind == 'malloc' else 'system calls'} failed")
    sys.exit(1 if bad else 0)


main()
