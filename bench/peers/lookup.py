"""Reads rows by their keys through pyodbc: CONNECTION-STRING TIMES SQL LAYOUT
ROWS prepared|unprepared. A cursor keeps the last statement that it prepared."""

import sys

from peer import Checksum, connect, serve, timed

connection, times, sql, layout, rows, prepared = sys.argv[1:]
rows = int(rows)
connected = connect(connection)
cursor = connected.cursor()
checksum = Checksum(layout)


def get(key):
    c = cursor if prepared == "prepared" else connected.cursor()
    return c.execute(sql, key).fetchall()


def lookup(i):
    found, took = timed(lambda: get(i * 7919 % rows + 1))
    checksum.add(found)
    return took


serve(int(times), lookup, checksum)
