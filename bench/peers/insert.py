"""Inserts rows like those of people.go through pyodbc: CONNECTION-STRING TIMES
SQL ROWS SET timestamp|text. With a SET of 1 row by row, else by executemany in
one transaction.

fast_executemany, tried with pyodbc 4.0.34, is right with none of the drivers:
sqliteodbc crashes, Connector/ODBC 3.1 fails, psqlODBC 13 loses microseconds."""

import datetime
import sys

from peer import Checksum, connect, serve, timed

connection, times, sql, rows, set_rows, created = sys.argv[1:]
BEGIN = datetime.datetime(2020, 2, 28)
WORDS = "lorem ipsum dolor sit amet " * 4


def person(i):
    at = BEGIN + datetime.timedelta(microseconds=i * 50_000_123)
    if created == "text":
        at = at.strftime("%Y-%m-%d %H:%M:%S.%f")
    return i + 1, f"José Müller {7919 * i % 1_000_003}", i / 4, at, WORDS[:13 * i % 101] if i % 10 else None


people = [person(i) for i in range(int(rows))]
connected = connect(connection)
cursor = connected.cursor()
checksum = Checksum()


def insert_one(i):
    _, took = timed(lambda: cursor.execute(sql, people[i]))
    checksum.rows += 1
    return took


def insert_all(_):
    def do():
        connected.autocommit = False
        cursor.executemany(sql, people)
        connected.commit()
        connected.autocommit = True

    _, took = timed(do)
    checksum.rows += len(people)
    return took


serve(int(times), insert_one if set_rows == "1" else insert_all, checksum)
