"""Reads a whole result through pyodbc: CONNECTION-STRING TIMES SQL LAYOUT.

The clock stands still while values are summed: in Python that takes longer than
to fetch them, and they are Python's objects by then."""

import sys

from peer import Checksum, connect, serve, timed

connection, times, sql, layout = sys.argv[1:]
cursor = connect(connection).cursor()
checksum = Checksum(layout)


def scan(_):
    _, took = timed(lambda: cursor.execute(sql))
    while True:
        rows, more = timed(lambda: cursor.fetchmany(1000))
        took += more
        if not rows:
            return took
        checksum.add(rows)


serve(int(times), scan, checksum)
