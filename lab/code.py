#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: lab/code.py ARCH STOCK-IMAGE OUR-IMAGE WEIGHTS

Compares the code of two kernels, function by function, without a boot: the sequence of mnemonics, so that addresses and
registers do not count. Images as they are booted; names come from the table that /proc/kallsyms is made of. WEIGHTS:
lines "FUNCTION INSTRUCTIONS", which are compared, and how much each counts.

Prints a line for each function that is not the same, the heaviest first, then the sum.
"""
import bisect
import collections
import gzip
import os
import re
import struct
import subprocess
import sys
import tempfile

UNPACK = ((b"\x28\xb5\x2f\xfd", ["zstd", "-dcq"]), (b"\xfd7zXZ\0", ["xz", "-dcq", "--single-stream"]),
          (b"\x02\x21\x4c\x18", ["lz4", "-dcq"]))


def die(text, fix):
    sys.exit(f"lab: {text}\nlab: fix: {fix}")


def bzimage_unpack(image):
    """Documentation/arch/x86/boot.rst: payload_offset counts from the protected-mode code; its last four bytes are a size."""
    setup = (image[0x1f1] or 4) + 1
    offset, length = struct.unpack_from("<II", image, 0x248)
    packed = image[setup * 512 + offset:setup * 512 + offset + length]
    if packed[:2] == b"\x1f\x8b":
        stream = gzip.zlib.decompressobj(31)
        return stream.decompress(packed)
    for magic, command in UNPACK:
        if packed.startswith(magic):
            tail = 4 if command[0] != "lz4" else 0
            done = subprocess.run(command, input=packed[:len(packed) - tail], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=False)
            return done.stdout
    die("the image is packed in a way that is not known here", "CONFIG_KERNEL_GZIP, _XZ, _LZ4 or _ZSTD")


class Kernel:
    """Code by address and addresses by name."""

    def __init__(self, path, arch):
        with open(path, "rb") as file:
            image = file.read()
        self.arch = arch
        self.path = path
        if arch == "arm64" and image[:2] == b"\x1f\x8b":
            image = gzip.decompress(image)
        self.image = image if arch == "arm64" else bzimage_unpack(image)
        self.names = self.kallsyms()
        self.sorted = sorted(set(self.names.values()))

    # scripts/kallsyms.c: num_syms, names, markers, token_table, token_index; the offsets stand before them until
    # 6.3 and after them from 6.4 on.
    def kallsyms(self):
        data = self.image
        digits = b"".join(bytes((0x30 + i, 0)) for i in range(10))
        at = -1
        while True:
            at = data.find(digits, at + 1)
            if at < 0:
                die(f"{self.path}: no table of symbols", "CONFIG_KALLSYMS_ALL=y")
            start = self.tokens_start(at)
            if start is not None:
                break
        tokens, position = [], start
        for _ in range(256):
            end = data.index(b"\0", position)
            tokens.append(data[position:end])
            position = end + 1
        index = -(-position // 8) * 8
        index_end = index + 512
        nr, names = self.names_find(start)
        symbols, position = [], names
        for _ in range(nr):
            length = data[position]
            position += 1
            if length & 0x80:
                length = (length & 0x7f) | data[position] << 7
                position += 1
            symbols.append(b"".join(tokens[byte] for byte in data[position:position + length]).decode("ascii", "replace"))
            position += length
        addresses = self.addresses_find(nr, (-(-index_end // 8) * 8, names - 16 - -(-4 * nr // 8) * 8))
        result = {}
        for name, address in zip(symbols, addresses):
            if name[0] in "tTwW" or name[1:] == "_text":
                result.setdefault(name[1:], address)
        return result

    def addresses_find(self, nr, places):
        """Offsets to a base that follows them. arm64: the base is filled in at boot, and 0 does as well. x86: of the base
        they are negative, and not of it where they are those of a CPU (KALLSYMS_ABSOLUTE_PERCPU)."""
        for place in places:
            base, = struct.unpack_from("<Q", self.image, -(-(place + 4 * nr) // 8) * 8)
            values = struct.unpack_from(f"<{nr}i", self.image, place)
            if self.arch == "arm64" and all(x & 0xffffffff <= y & 0xffffffff for x, y in zip(values, values[1:])):
                return [value & 0xffffffff for value in values]
            if self.arch == "x86_64" and base >> 31 == 0x1ffffffff:
                return [base - 1 - value if value < 0 else value for value in values]
        return die(f"{self.path}: no addresses of symbols", "another compiler or release than this script knows")

    def tokens_start(self, digit_zero):
        """256 strings of which number 0x30 is "0": goes back 0x30 strings."""
        data, position = self.image, digit_zero
        for _ in range(0x30):
            end = position - 1
            if end < 1 or data[end] != 0:
                return None
            start = data.rfind(b"\0", max(0, end - 64), end)
            if start < 0:
                return None
            position = start + 1
            # An empty token is one NUL after another; an alignment before the table looks alike and is told by the index.
        for start in range(position, position + 1):
            position, offsets = start, []
            for _ in range(256):
                offsets.append(position - start)
                position = data.index(b"\0", position) + 1
            index = -(-position // 8) * 8
            if struct.unpack_from("<256H", data, index) == tuple(offsets):
                return start
        return None

    def names_find(self, end):
        """The markers stand before the token table (6.1: three bytes a name lie between), the names before the markers, their
        number before the names. A marker is where each 256th name begins."""
        data = self.image

        def marker(at):
            return struct.unpack_from("<I", data, at)[0]

        def follows(at):
            return 256 < marker(at + 4) - marker(at) < 256 * 128

        first = end - 4
        while marker(first) or not all(follows(first + 4 * i) for i in range(16)):
            first -= 4
            if end - first > 1 << 20:
                die(f"{self.path}: no names of symbols", "another compiler or release than this script knows")
        nr_markers = 1
        while follows(first + 4 * (nr_markers - 1)):
            nr_markers += 1
        last = marker(first + 4 * (nr_markers - 1))
        # The names after the last marker are at most 256, of at most 512 bytes; a chance value may have followed it.
        for names in range((first - last // 2) // 8 * 8, (first - last - 256 * 512) // 8 * 8, -8):
            nr = marker(names - 8)
            if not nr_markers - 2 <= -(-nr // 256) <= nr_markers:
                continue
            position = names
            for _ in range(256):
                length = data[position]
                position += 1
                if length & 0x80:
                    length = (length & 0x7f) | data[position] << 7
                    position += 1
                position += length
            if position - names == marker(first + 4):
                return nr, names
        return die(f"{self.path}: no names of symbols", "another compiler or release than this script knows")

    def offset(self, address):
        if self.arch == "arm64":
            return address - self.names["_text"]
        nr, = struct.unpack_from("<H", self.image, 56)
        table, = struct.unpack_from("<Q", self.image, 32)
        for i in range(nr):
            kind, _, offset, start, _, size = struct.unpack_from("<IIQQQQ", self.image, table + i * 56)
            if kind == 1 and start <= address < start + size:
                return offset + address - start
        return None

    def code(self, name):
        address = self.names[name]
        place = bisect.bisect_right(self.sorted, address)
        after = self.sorted[place] if place < len(self.sorted) else address + 65536
        offset = self.offset(address)
        return self.image[offset:offset + min(after - address, 65536)]

    def mnemonics(self, names):
        """Of each function; one call of objdump for all, on their code laid end to end."""
        blob, places = b"", {}
        for name in names:
            code = self.code(name)
            blob += b"\0" * (-len(blob) % 16)
            places[len(blob)] = name
            blob += code
        with tempfile.NamedTemporaryFile() as file:
            file.write(blob)
            file.flush()
            cross, machine = ("aarch64", "aarch64") if self.arch == "arm64" else ("x86_64", "i386:x86-64")
            # The machine's own knows its architecture alone.
            tool = "objdump" if os.uname().machine == cross else f"{cross}-linux-gnu-objdump"
            lines = subprocess.run([tool, "-D", "-w", "--no-show-raw-insn", "-b", "binary", "-m", machine, file.name],
                                   stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        result, current = {name: [] for name in names}, None
        for line in lines:
            match = re.match(r"\s*([0-9a-f]+):\s+(.*)", line)
            if not match:
                continue
            current = places.get(int(match[1], 16), current)
            word = match[2].split("#")[0].split()
            if not word or current is None:
                continue
            mnemonic = word[0]
            # Padding between functions, and the landing pad of a retpoline, are no code of this function.
            if mnemonic in ("nop", "nopw", "nopl", "int3", "cs", "data16", "xchg", "udf", "(bad)", ".inst", ".word"):
                mnemonic = "nop"
            result[current].append(mnemonic)
        for words in result.values():
            while words and words[-1] == "nop":
                words.pop()
        return result


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: lab/code.py ARCH STOCK-IMAGE OUR-IMAGE WEIGHTS")
    arch = sys.argv[1]
    stock, ours = Kernel(sys.argv[2], arch), Kernel(sys.argv[3], arch)
    weights = {}
    with open(sys.argv[4], encoding="ascii") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, weight = line.split()[:2]
                weights[name] = int(weight)
    both = [name for name in weights if name in stock.names and name in ours.names]
    lists = stock.mnemonics(both), ours.mnemonics(both)
    total = sum(weights.values()) or 1
    same = nr_same = 0
    rows = []
    for name in weights:
        if name not in both:
            where = "only in ours" if name in ours.names else "only in stock" if name in stock.names else "in neither"
            rows.append((weights[name], name, where))
            continue
        a, b = lists[0][name], lists[1][name]
        if a == b:
            same += weights[name]
            nr_same += 1
            continue
        words = collections.Counter(b)
        words.subtract(collections.Counter(a))
        what = " ".join(f"{count:+d} {word}" for word, count in sorted(words.items(), key=lambda x: -abs(x[1])) if count)
        rows.append((weights[name], name, f"{len(a)} -> {len(b)} instructions: {what[:60] or 'another order'}"))
    for weight, name, what in sorted(rows, reverse=True):
        print(f"{100 * weight / total:6.2f} %  {name}: {what}")
    print(f"identical: {nr_same} of {len(weights)} functions, {100 * same / total:.1f} % of what is executed")


if __name__ == "__main__":
    main()
