#!/usr/bin/env python3
"""Prints what doc/protocol.md describes as text.

usage: decode.py [--hex] [--as result|legacy|values|directed|error|bulk] [FILE]

Without FILE it reads stdin. --hex reads hexadecimal digits, with white space and
comments that begin with #. A result is a frame, frames one behind another, a message
or a stream of several results. Parameters that are not directed, messages of the first
version, errors and bulk inserts do not say what they are, so --as has to.

It exits with 1 for what a reader must refuse, and with 3 for what zstd has compressed
where this Python has no compression.zstd (3.14 has). More than a reader has to, it
looks whether there are zeros where a cell of version 3 is NULL.
"""

import argparse
import json
import re
import struct
import sys
from datetime import datetime, timedelta


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--hex", action="store_true")
    arguments.add_argument("--as", dest="form", choices=FORMS, default="result")
    arguments.add_argument("file", nargs="?")
    arguments = arguments.parse_args()
    if arguments.file:
        with open(arguments.file, "rb") as file:
            data = file.read()
    else:
        data = sys.stdin.buffer.read()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        if arguments.hex:
            data = bytes.fromhex(re.sub(r"#.*", "", data.decode()))
        FORMS[arguments.form](Source(data))
    except Refused as refused:
        sys.exit(f"refused: {refused}")
    except Compressed:
        print("compressed: this Python has no compression.zstd", file=sys.stderr)
        sys.exit(3)


class Refused(Exception):
    """What a reader must not take."""


class Compressed(Exception):
    """What this Python cannot decompress."""


MAX_COLUMNS, MAX_ROWS, MAX_CELLS = 4096, 1_000_000, 5_000_000
MAX_CELL, MAX_PAYLOAD, MAX_MEMORY = 64 << 20, 256 << 20, 256 << 20
MAX_ITEMS, MAX_VALUES, MAX_VALUE = 16384, 4096, 16 << 20
MAX_BULK_ROWS, MAX_BULK_CELL = 10_000_000, 16 << 20


def check(condition, problem):
    if not condition:
        raise Refused(problem)


class Source:
    """Bytes that are taken from the front, never more than there are."""

    def __init__(self, data):
        self.data, self.at = memoryview(data), 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n, what):
        check(n <= self.left(), f"{what} at byte {self.at} has {n} bytes, and {self.left()} are left")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, code, what):
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code), what))[0]

    def u8(self, what):
        return self.number("B", what)

    def u16(self, what):
        return self.number("H", what)

    def u32(self, what):
        return self.number("I", what)

    def text(self, n, what):
        return utf8(self.take(n, what), what)

    def begins(self, magic):
        return bytes(self.data[self.at : self.at + len(magic)]) == magic

    def skip(self, magic, what):
        check(self.begins(magic), f"{what} at byte {self.at} does not begin with {magic.hex()}")
        self.at += len(magic)

    def zeros(self, n, what):
        check(not any(self.take(n, what)), f"{what} is not zero")

    def end(self, what):
        check(self.left() == 0, f"{self.left()} bytes behind {what}")


def utf8(data, what):
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{what} is not UTF-8") from error


# Results.

FRAME, ENVELOPE, OUT, CURSORS, DIRECTED = b"CBDO", b"MULT", b"OUT1", b"RC1\0", b"DRT1"


def result(source):
    """Prints what says by its first bytes what it is."""
    check(source.left() > 0, "there is nothing")
    if source.begins(DIRECTED):
        return directed(source)
    if source.begins(FRAME):
        frames(source)
        footers(source)
    elif source.begins(ENVELOPE):
        envelope(source)
        footers(source)
    else:
        while source.left():
            item(source)
    source.end("the result")


def frames(source):
    """Prints frames one behind another: one result."""
    before = None
    while source.begins(FRAME):
        frame = read_frame(source)
        if before:
            check(not before.last, "a frame behind the last one")
            check(frame.version == before.version, "the version changes within a result")
            check(frame.columns == before.columns, "the columns change within a result")
            check(frame.first is None or frame.first == before.first + len(before.rows), "rows are missing between frames")
        frame.show()
        before = frame
    check(before.last is not False, "the result was cut: no frame says that it is the last")


def envelope(source):
    source.skip(ENVELOPE, "envelope")
    check(source.u16("version of the envelope") == 2, "the envelope is not of version 2")
    check(source.u16("reserved") == 0, "reserved bytes of the envelope are not zero")
    items(source)


def legacy(source):
    items(source)
    footers(source)
    source.end("the message")


def items(source):
    count = source.u32("number of items")
    check(count <= MAX_ITEMS, f"{count} items are over the limit")
    print(f"items {count}")
    for _ in range(count):
        item(source)


def item(source):
    tag, length = source.u8("tag"), source.u32("length of an item")
    check(tag in (0, 1), f"unknown tag {tag}")
    check(length <= MAX_PAYLOAD, f"item of {length} bytes is over the limit")
    inner = Source(source.take(length, "item"))
    if tag == 0:
        whole_frame(inner).show()
    else:
        check(length == 8, f"row count of {length} bytes")
        print(f"count {inner.number('q', 'row count')}")


def whole_frame(source):
    frame = read_frame(source)
    source.end("the frame")
    check(not frame.first and frame.last is not False, "a frame by itself is not a whole result")
    return frame


def footers(source):
    if source.begins(OUT):
        source.skip(OUT, "output values")
        count = source.u32("number of output values")
        check(count <= MAX_VALUES, f"{count} values are over the limit")
        print(f"out {count}")
        for _ in range(count):
            print(value(source))
    if source.begins(CURSORS):
        source.skip(CURSORS, "cursors")
        count = source.u32("number of cursors")
        check(count <= MAX_VALUES, f"{count} cursors are over the limit")
        print(f"cursors {count}")
        for _ in range(count):
            length = source.u32("length of a cursor")
            check(length <= MAX_PAYLOAD, f"cursor of {length} bytes is over the limit")
            whole_frame(Source(source.take(length, "cursor"))).show()


class Frame:
    """Columns as pairs of name and kind, and rows of cells that are printed already."""

    def __init__(self, version, columns, rows, first=None, last=None):
        self.version, self.columns, self.rows, self.first, self.last = version, columns, rows, first, last

    def show(self):
        line = f"frame {self.version} rows {len(self.rows)}"
        if self.version == 3:
            line += f" from {self.first}" + (" last" if self.last else "")
        print(line)
        for i, (name, kind) in enumerate(self.columns):
            print("column", i, quoted(name), KINDS[kind])
        for row in self.rows:
            print("\t".join(row))


def read_frame(source):
    source.skip(FRAME, "frame")
    version = source.u16("version")
    check(version in VERSIONS, f"unknown version {version}")
    return VERSIONS[version](source)


def check_size(columns, rows, payload):
    check(columns <= MAX_COLUMNS, f"{columns} columns are over the limit")
    check(rows <= MAX_ROWS, f"{rows} rows are over the limit")
    check(columns * rows <= MAX_CELLS, f"{columns * rows} cells are over the limit")
    check(payload <= MAX_PAYLOAD, f"payload of {payload} bytes is over the limit")


# Version 1: row after row.


def row_major(source):
    count, rows, payload = source.u16("columns"), source.u32("rows"), source.u32("payload")
    check_size(count, rows, payload)
    source = Source(source.take(payload, "payload"))
    columns = [column(source) for _ in range(count)]
    check(rows * count <= source.left(), f"{rows} rows are more than {source.left()} bytes can hold")
    cells = [[cell(source, kind, True) for _, kind in columns] for _ in range(rows)]
    source.end("the last row")
    return Frame(1, columns, cells)


def column(source):
    kind = source.u16("kind")
    name = source.text(source.u16("length of a name"), "name of a column")
    return name, kind if 1 <= kind <= 19 else TEXT


def cell(source, kind, with_length):
    null = source.u8("null byte")
    check(null in (0, 1), f"null byte is {null}")
    if null:
        return "NULL"
    if kind in (INT32, INT64):
        width = 4 if kind == INT32 else 8
        if with_length and (length := source.u32("length of a cell")) != width:
            return written(kind, source.take(length, "cell"))  # what overflowed is text
        return str(source.number("i" if kind == INT32 else "q", "cell"))
    length = source.u32("length of a cell")
    check(length <= MAX_CELL, f"cell of {length} bytes is over the limit")
    return written(kind, source.take(length, "cell"))


# Version 2: column after column of the same cells.


def columnar(source):
    check(source.u16("flags") == 0, "unknown flags")
    count, rows = source.u16("columns"), source.u32("rows")
    asked = source.u8("compression")
    check(asked in (0, 1), "compression is neither asked for nor not")
    payload = source.u32("payload")
    check_size(count, rows, payload)
    source = Source(source.take(payload, "payload"))
    columns, data, memory = [], [], 0
    for _ in range(count):
        name, kind = column(source)
        compressed = source.u8("compression of a column")
        check(compressed in (0, asked), f"column is compressed: {compressed}")
        algorithm = source.u8("algorithm") if compressed else 0
        check(algorithm in (1, 2) or not compressed, f"unknown algorithm {algorithm}")
        body = source.take(source.u32("length of a column"), "column")
        body = decompress(body, algorithm, MAX_MEMORY - memory)
        memory += len(body)
        check(rows <= len(body), f"{rows} rows are more than {len(body)} bytes can hold")
        inner = Source(body)
        columns.append((name, kind))
        data.append([cell(inner, kind, False) for _ in range(rows)])
        inner.end("the last cell of a column")
    source.end("the last column")
    return Frame(2, columns, by_row(data, rows))


def by_row(columns, rows):
    return list(zip(*columns)) if columns else [()] * rows


# Version 3: typed columns.

FIXED, BITS, OFFSETS, FIXED_AND_NANOSECONDS = range(4)


def packed(source):
    start = source.at - 6
    source.take(42, "header")
    header = Source(source.data[start : source.at])
    check(crc32c(header.data[:44]) == struct.unpack("<I", header.data[44:])[0], "checksum of the header")
    _, _, flags, count, rows, first, payload, table, checksum, reserved, _ = struct.unpack("<IHHIIQQIIII", header.data)
    check(flags & ~1 == 0, f"unknown flags {flags:#x}")
    check(reserved == 0, "reserved bytes are not zero")
    check(first <= 2**63 - 2**32, f"{first} rows in earlier frames are over the limit")
    check_size(count, rows, payload)
    body = source.take(payload, "payload")
    check(crc32c(body) == checksum, "checksum of the payload")
    source = Source(body)
    check(table % 8 == 0, "the column table does not end at a multiple of 8")
    entries = table_entries(Source(source.take(table, "column table")), count)
    check(sum(e.size for e in entries) <= MAX_MEMORY, "the columns are over the limit")
    check(sum(e.stored + pad(e.stored) for e in entries) == source.left(), "the sizes of the columns disagree with the payload")
    data = [packed_column(e, source, rows) for e in entries]
    return Frame(3, [(e.name, e.kind) for e in entries], by_row(data, rows), first, bool(flags & 1))


class Entry:
    """An entry of the column table."""

    def __init__(self, source):
        self.kind, self.layout, self.compression = source.u16("kind"), source.u8("layout"), source.u8("compression")
        self.nulls, self.size, self.stored = source.u32("nulls"), source.number("Q", "size"), source.number("Q", "stored")
        self.name = source.text(source.u16("length of a name"), "name of a column")
        check(self.kind in KINDS, f"unknown kind {self.kind}")
        check(self.layout in layouts(self.kind), f"{KINDS[self.kind]} has no layout {self.layout}")
        check(self.compression in (0, 1, 2), f"unknown compression {self.compression}")
        check(self.compression or self.size == self.stored, "a column that is not compressed has two sizes")


def table_entries(source, count):
    entries = [Entry(source) for _ in range(count)]
    check(source.left() < 8, "the column table is too long")
    source.zeros(source.left(), "padding of the column table")
    return entries


def layouts(kind):
    if kind == BOOL:
        return (BITS,)
    if kind in TIMESTAMPS:
        return (FIXED, FIXED_AND_NANOSECONDS)
    if kind in (TIME, UUID):
        return (FIXED, OFFSETS)
    return (FIXED,) if kind in NUMBERS or kind == DATE else (OFFSETS,)


def packed_column(entry, source, rows):
    body = decompress(source.take(entry.stored, "column"), entry.compression, entry.size)
    check(len(body) == entry.size, f"column has {len(body)} bytes decompressed instead of {entry.size}")
    source.zeros(pad(entry.stored), "padding of a column")
    body = Source(body)
    valid = validity(body, entry.nulls, rows)
    cells = LAYOUTS[entry.layout](body, entry.kind, rows, valid)
    body.end("the last part of a column")
    return [c if v else "NULL" for c, v in zip(cells, valid)]


def pad(n):
    return -n % 8


def validity(body, nulls, rows):
    if nulls == 0:
        return [True] * rows
    valid = bits(body, rows, "validity")
    padded(body, (rows + 7) // 8)
    check(valid.count(False) == nulls, f"{valid.count(False)} cells are NULL instead of {nulls}")
    return valid


def bits(body, rows, what):
    data = body.take((rows + 7) // 8, what)
    check(rows % 8 == 0 or data[-1] >> rows % 8 == 0, f"{what}: bits behind the last row are set")
    return [data[i >> 3] >> (i & 7) & 1 == 1 for i in range(rows)]


def padded(body, n):
    body.zeros(pad(n), "padding within a column")


def fixed(body, kind, rows, valid):
    code = NUMBERS.get(kind) or {DATE: "I", UUID: "16s"}.get(kind, "Q")
    width = struct.calcsize("<" + code)
    data = body.take(rows * width, "cells")
    cells = []
    for i, (raw,) in enumerate(struct.iter_unpack("<" + code, data)):
        check(valid[i] or not any(data[i * width : (i + 1) * width]), "a NULL is not zero")
        cells.append(binary_cell(kind, raw))
    return cells


def binary_cell(kind, raw):
    if kind in TIMESTAMPS:
        return timestamp(raw, 0)
    if kind == DATE:
        check(raw < 1 << 25, "date has unknown bits")
        return date(raw >> 9, raw >> 5 & 15, raw & 31)
    if kind == TIME:
        check(raw < 86400 * 10**9, "time of day is over a day")
        seconds, nanoseconds = divmod(raw, 10**9)
        return clock(seconds // 3600, seconds // 60 % 60, seconds % 60, nanoseconds)
    if kind == UUID:
        return re.sub("(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", raw.hex())
    return repr(raw)


def timestamp(raw, nanoseconds):
    check(raw < 1 << 62, "timestamp has unknown bits")
    check(raw & 0xFFFFF < 10**6, "timestamp has over 999,999 microseconds")
    day = date(raw >> 46, raw >> 42 & 15, raw >> 37 & 31)
    return day + "T" + clock(raw >> 32 & 31, raw >> 26 & 63, raw >> 20 & 63, (raw & 0xFFFFF) * 1000 + nanoseconds)


def date(year, month, day):
    return f"{year - (year >> 15 << 16):04d}-{month:02d}-{day:02d}"


def clock(hour, minute, second, nanoseconds):
    return f"{hour:02d}:{minute:02d}:{second:02d}" + f".{nanoseconds:09d}".rstrip("0").rstrip(".")


def truths(body, kind, rows, valid):
    cells = bits(body, rows, "truth values")
    check(all(v or not c for c, v in zip(cells, valid)), "a NULL is not zero")
    return ["true" if c else "false" for c in cells]


def offsets(body, kind, rows, valid):
    borders = struct.unpack(f"<{rows + 1}I", body.take(4 * (rows + 1), "offsets"))
    padded(body, 4 * (rows + 1))
    data = body.take(body.left(), "text")
    check(borders[0] == 0 and borders[-1] == len(data), "the offsets are not those of the text")
    cells = []
    for i in range(rows):
        check(borders[i] <= borders[i + 1], "an offset is smaller than the one before")
        check(borders[i + 1] - borders[i] <= MAX_CELL, "a cell is over the limit")
        check(valid[i] or borders[i] == borders[i + 1], "a NULL is not empty")
        cells.append(written(kind, data[borders[i] : borders[i + 1]]) if valid[i] else "")
    return cells


def fixed_and_nanoseconds(body, kind, rows, valid):
    data = struct.unpack(f"<{rows}Q", body.take(8 * rows, "cells"))
    rest = struct.unpack(f"<{rows}H", body.take(2 * rows, "nanoseconds"))
    check(all(n < 1000 for n in rest), "over 999 nanoseconds")
    check(all(v or raw == n == 0 for raw, n, v in zip(data, rest, valid)), "a NULL is not zero")
    return [timestamp(raw, n) for raw, n in zip(data, rest)]


VERSIONS = {1: row_major, 2: columnar, 3: packed}
LAYOUTS = {FIXED: fixed, BITS: truths, OFFSETS: offsets, FIXED_AND_NANOSECONDS: fixed_and_nanoseconds}


def castagnoli(byte):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


CASTAGNOLI = [castagnoli(byte) for byte in range(256)]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CASTAGNOLI[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


# Compression.


def decompress(data, algorithm, limit):
    if algorithm == 0:
        check(len(data) <= limit, "the columns are over the limit")
        return data
    return unzstd(data, limit) if algorithm == 1 else unlz4(Source(data), limit)


def unzstd(data, limit):
    try:
        from compression import zstd
    except ImportError as error:
        raise Compressed from error
    unzip = zstd.ZstdDecompressor()
    try:
        out = unzip.decompress(data, limit + 1)
    except zstd.ZstdError as error:
        raise Refused(f"zstd: {error}") from error
    check(len(out) <= limit, "decompressed column is over the limit")
    check(unzip.eof and not unzip.unused_data, "a column is not one zstd frame")
    return out


def unlz4(source, limit):
    """Returns what one LZ4 frame has. The frame's own checksums are not looked at."""
    source.skip(b"\x04\x22\x4d\x18", "LZ4 frame")
    flags, _ = source.u8("LZ4 flags"), source.u8("LZ4 block size")
    check(flags >> 6 == 1 and not flags & 3, "LZ4 frame of an unknown version or with a dictionary")
    source.take((8 if flags & 8 else 0) + 1, "LZ4 descriptor")
    out = bytearray()
    while size := source.u32("LZ4 block size"):
        start = len(out)
        block = source.take(size & 0x7FFFFFFF, "LZ4 block")
        if size >> 31:
            out += block
        else:
            unlz4_block(Source(block), out, 0 if not flags & 32 else start, limit)
        check(len(out) <= limit, "decompressed column is over the limit")
        source.take(4 if flags & 16 else 0, "LZ4 checksum")
    source.take(4 if flags & 4 else 0, "LZ4 checksum")
    source.end("the LZ4 frame")
    return bytes(out)


def unlz4_block(block, out, start, limit):
    while True:
        token = block.u8("LZ4 token")
        out += block.take(lz4_length(token >> 4, block), "LZ4 literals")
        if not block.left():
            return
        distance, length = block.u16("LZ4 offset"), lz4_length(token & 15, block) + 4
        check(0 < distance <= len(out) - start, "LZ4 offset is out of the frame")
        check(len(out) + length <= limit, "decompressed column is over the limit")
        copy = bytes(out[-distance:][:length])
        out += (copy * (length // len(copy) + 1))[:length]


def lz4_length(length, block):
    more = 255 if length == 15 else 0
    while more == 255:
        more = block.u8("LZ4 length")
        length += more
    return length


# Cells.

TEXT, INT32, INT64, DECIMAL, DATE, BINARY, TIME, BOOL, UUID, MONEY = 1, 2, 3, 4, 5, 7, 11, 13, 17, 18
TIMESTAMPS = (6, 9, 10)
KINDS = {
    1: "text", 2: "int32", 3: "int64", 4: "decimal", 5: "date", 6: "timestamp", 7: "binary", 8: "ntext",
    9: "timestamptz", 10: "datetimeoffset", 11: "time", 12: "int16", 13: "bool", 14: "float32", 15: "float64",
    16: "json", 17: "uuid", 18: "money", 19: "interval",
    64: "int8", 65: "uint8", 66: "uint16", 67: "uint32", 68: "uint64", 69: "xml",
}  # fmt: skip
NUMBERS = {2: "i", 3: "q", 12: "h", 14: "f", 15: "d", 64: "b", 65: "B", 66: "H", 67: "I", 68: "Q"}

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
DAY = r"(\d{4})-(\d\d)-(\d\d)"
TIMES = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
CLOCK = r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?"
FORMATS = {
    DECIMAL: NUMBER,
    MONEY: NUMBER,
    UUID: r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}


def written(kind, raw):
    """Returns a cell that is sent as text, or bytes, as it is printed."""
    if kind == BINARY:
        return "0x" + raw.hex()
    text = utf8(raw, f"cell of {KINDS[kind]}")
    if kind in NUMBERS:
        return number(kind, text)
    if kind == BOOL:
        check(text.lower() in ("0", "1", "f", "t", "false", "true"), f"{quoted(text)} is no truth value")
        return "true" if text.lower() in ("1", "t", "true") else "false"
    if kind == TIME and (match := re.fullmatch(CLOCK, text, re.ASCII)):
        return clock(*numbers(match.groups()))
    if kind == DATE or kind in TIMESTAMPS:
        return calendar(kind, text)
    if kind in FORMATS and re.fullmatch(FORMATS[kind], text, re.ASCII):
        return text
    return quoted(text)


def number(kind, text):
    code = NUMBERS[kind]
    check(re.fullmatch(NUMBER + "|(?i:nan|[+-]?inf)", text, re.ASCII), f"{quoted(text)} is no number")
    try:
        parsed = float(text) if code in "fd" else int(re.sub(r"\.0+$", "", text))
        return repr(struct.unpack("<" + code, struct.pack("<" + code, parsed))[0])
    except (ValueError, OverflowError, struct.error) as error:
        raise Refused(f"{text} is no {KINDS[kind]}") from error


def calendar(kind, text):
    match = re.fullmatch(DAY + f"(?:[ T]{TIMES}(Z|[+-]\\d\\d(?::?\\d\\d)?)?)?", text, re.ASCII)
    check(match, f"{quoted(text)} is no {KINDS[kind]}")
    year, month, day, hour, minute, second, nanoseconds = numbers(match.groups()[:7])
    check(month < 13 and day < 32 and hour < 24 and minute < 60 and second < 62, f"{text} is no {KINDS[kind]}")
    if zone := match[8]:
        check(kind in (9, 10), f"{text} has a zone")
        year, month, day, hour, minute, second = utc((year, month, day, hour, minute, second), zone)
    if kind == DATE:
        check(not (hour or minute or second or nanoseconds), f"{text} is no day")
        return date(year, month, day)
    return date(year, month, day) + "T" + clock(hour, minute, second, nanoseconds)


def numbers(groups):
    """Returns the groups of a pattern as numbers, the last of which is the fraction."""
    *parts, fraction = groups
    return *(int(part or 0) for part in parts), int((fraction or "").ljust(9, "0"))


def utc(parts, zone):
    digits = zone.replace(":", "")
    offset = timedelta(hours=int(digits[1:3] or 0), minutes=int(digits[3:] or 0)) if zone != "Z" else timedelta()
    try:
        return (datetime(*parts) - (offset if zone[0] != "-" else -offset)).timetuple()[:6]
    except (ValueError, OverflowError) as error:
        raise Refused(f"{parts} with the zone {zone} is no time") from error


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


# Parameters.


def values(source):
    count = 0
    while source.left():
        count += 1
        check(count <= MAX_VALUES, "too many values")
        print(value(source))


def directed(source):
    source.skip(DIRECTED, "directed parameters")
    count = source.u32("number of parameters")
    check(count <= MAX_VALUES, f"{count} values are over the limit")
    print(f"directed {count}")
    for _ in range(count):
        direction = source.u8("direction")
        check(direction < 3, f"unknown direction {direction}")
        print(("in", "out", "inout")[direction], value(source))
    source.end("the parameters")


def value(source):
    tag, length = source.u8("tag of a value"), source.u32("length of a value")
    check(tag < 7, f"unknown tag {tag} of a value")
    check(length <= MAX_VALUE, f"value of {length} bytes is over the limit")
    check(length == {0: 0, 2: 4, 3: 8, 6: 0}.get(tag, length), f"value of tag {tag} has {length} bytes")
    data = source.take(length, "value")
    if tag == 5:
        return "binary 0x" + data.hex()
    if tag in (2, 3):
        return f"int{8 * length} {int.from_bytes(data, 'little', signed=True)}"
    if tag in (0, 6):
        return "null" if tag == 0 else "cursor"
    text = utf8(data, "value")
    if tag == 4:
        check(re.fullmatch(FORMATS[DECIMAL], text, re.ASCII), f"{quoted(text)} is no decimal")
        return "decimal " + text
    return "string " + quoted(text)


# Errors and bulk inserts.


def error(source):
    state, native = bytes(source.take(5, "SQLSTATE")), source.number("i", "native code")
    message = source.text(source.u32("length of the message"), "message")
    check(state == bytes(5) or all(0x20 < c < 0x7F for c in state), "SQLSTATE is not five characters of ASCII")
    print("error", quoted(state.decode() if any(state) else ""), native, quoted(message))


BULK = ("i32", "i64", "text", "decimal", "binary", "timestamp")


def bulk(source):
    table = source.text(source.u32("length of a name"), "name of the table")
    count = source.u32("number of columns")
    check(count <= MAX_COLUMNS, f"{count} columns are over the limit")
    print("table", quoted(table))
    columns = []
    for i in range(count):
        name = source.text(source.u32("length of a name"), "name of a column")
        kind, nullable, width = source.u8("type"), source.u8("nullable"), source.u32("max_len")
        check(kind < len(BULK), f"unknown type {kind}")
        check(nullable < 2, f"nullable is {nullable}")
        check(width <= MAX_BULK_CELL, f"cells of {width} bytes are over the limit")
        columns.append((kind, nullable, {0: 4, 1: 8, 5: 16}.get(kind, max(1, width))))
        sized = f" {width}" if 2 <= kind <= 4 else ""
        print("column", i, quoted(name), BULK[kind] + sized, "null" if nullable else "not null")
    rows = source.u32("number of rows")
    check(rows <= MAX_BULK_ROWS, f"{rows} rows are over the limit")
    need = sum(rows * width + ((rows + 7) // 8 if nullable else 0) for _, nullable, width in columns)
    check(need == source.left(), f"{rows} rows take {need} bytes, and {source.left()} are left")
    for row in by_row([bulk_column(source, rows, *c) for c in columns], rows):
        print("\t".join(row))


def bulk_column(source, rows, kind, nullable, width):
    nulls = bits(source, rows, "null bitmap") if nullable else [False] * rows
    cells = []
    for null in nulls:
        slot = source.take(width, "cells")
        check(not null or not any(slot), "a NULL is not zero")
        cells.append("NULL" if null else bulk_cell(kind, slot))
    return cells


def bulk_cell(kind, raw):
    if kind < 2:
        return str(int.from_bytes(raw, "little", signed=True))
    if kind == 5:
        year, month, day, hour, minute, second, nanoseconds = struct.unpack("<hHHHHHI", raw)
        check(month < 13 and day < 32 and hour < 24 and minute < 60 and second < 61 and nanoseconds < 10**9, "no such time")
        return date(year & 0xFFFF, month, day) + "T" + clock(hour, minute, second, nanoseconds)
    text, _, rest = bytes(raw).partition(b"\0")
    check(not any(rest), "a cell goes on behind a zero")
    check(kind != 3 or re.fullmatch(NUMBER.encode(), text), f"{text} is no decimal")
    return written({2: TEXT, 3: DECIMAL, 4: BINARY}[kind], text)


FORMS = {"result": result, "legacy": legacy, "values": values, "directed": directed, "error": error, "bulk": bulk}

if __name__ == "__main__":
    main()
