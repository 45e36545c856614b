"""What the peers in Python share: a connection, a checksum, and the
conversation with the bench, see process.go."""

import datetime
import sys
import time

import pyodbc

EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)
MASK = (1 << 64) - 1


def connect(connection):
    c = pyodbc.connect(connection + ";BigInt=1", autocommit=True)
    c.setdecoding(pyodbc.SQL_CHAR, "utf-8")
    c.setencoding("utf-8")
    return c


class Checksum:
    """What values come to; columns as floor/floor.h has them."""

    def __init__(self, layout=""):
        self.columns = [(i, word[0]) for i, word in enumerate(layout.split())]
        self.clear()

    def clear(self):
        self.rows = self.ints = self.quarters = self.micros = self.text = self.nulls = 0

    def add(self, rows):
        self.rows += len(rows)
        for i, kind in self.columns:
            values = [row[i] for row in rows if row[i] is not None]
            self.nulls += len(rows) - len(values)
            if kind == "i":
                self.ints += sum(values)
            elif kind == "d":
                self.quarters += sum(int(4 * v) for v in values)
            elif kind == "t":
                self.micros += sum((v - EPOCH) // MICROSECOND for v in values)
            else:
                self.text += sum("".join(values).encode())

    def __str__(self):
        return (f"rows={self.rows} ints={self.ints & MASK} quarters={self.quarters & MASK} "
                f"micros={self.micros & MASK} text={self.text & MASK} nulls={self.nulls}")


def serve(times, work, checksum):
    """work(i) does it and returns the seconds that it took."""
    print("ready", flush=True)
    for _ in sys.stdin:
        checksum.clear()
        laps = [int(work(i) * 1e9) for i in range(times)]
        total = sum(laps)
        laps.sort()
        p50, p95, p99 = (laps[(times - 1) * p // 100] for p in (50, 95, 99))
        print(total, p50, p95, p99, 0, checksum, flush=True)


def timed(do):
    """The result of do, and the seconds that it took."""
    begin = time.perf_counter()
    result = do()
    return result, time.perf_counter() - begin
