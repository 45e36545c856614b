package main

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/odbcgen/odbcgen/bench/store"
	"github.com/odbcgen/odbcgen/runtime"
)

// scan reads a whole table, row by row, and touches every value.
func scan[R any](name string, s *shape[R], n size, without ...string) scenario {
	return scenario{
		name: name, unit: "rows/s", size: n, reads: s, want: func() checksum { return s.sum(n.rows).times(n.times) },
		contenders: []contender{
			{name: floor, source: "floor/scan.c", arguments: s.scanArguments},
			{name: ours, open: s.streamOurs()},
			{name: "alexbrainman", open: s.scanAlexbrainman},
			{name: "native", open: s.scanNative},
			{name: "pyodbc", source: "peers/scan.py", arguments: s.scanArguments},
		},
	}.without(without...)
}

func (s *shape[R]) scanArguments(task) []string { return []string{s.query(), s.layout} }

// streamOurs streams, with the options of Open.
func (s *shape[R]) streamOurs(options ...runtime.Option) func(context.Context, task) (work, error) {
	return func(ctx context.Context, t task) (work, error) {
		d, err := t.db.open(ctx, options...)
		if err != nil {
			return nil, err
		}
		queries := store.New(d)
		return func(ctx context.Context, sum *checksum) error {
			for row, err := range s.stream(queries, ctx) {
				if err != nil {
					return err
				}
				s.add(sum, row)
			}
			return nil
		}, nil
	}
}

// prefetched streams with the next block fetched ahead.
func prefetched(name string, rows int) scenario {
	s := scan(name, people, queries(rows, 1), "alexbrainman", "native", "pyodbc")
	for i := range s.contenders {
		if s.contenders[i].name == ours {
			s.contenders[i].open = people.streamOurs(runtime.WithPrefetch(true))
		}
	}
	return s
}

func (s *shape[R]) scanAlexbrainman(ctx context.Context, t task) (work, error) {
	d, err := t.db.openAlexbrainman()
	if err != nil {
		return nil, err
	}
	return s.scanSQL(ctx, d)
}

func (s *shape[R]) scanNative(ctx context.Context, t task) (work, error) {
	if t.db.driver == "postgres" {
		return s.scanPgx(ctx, t.db)
	}
	d, err := t.db.openNativeSQL()
	if err != nil {
		return nil, err
	}
	return s.scanSQL(ctx, d)
}

// scanSQL scans through database/sql, into variables that stay.
func (s *shape[R]) scanSQL(ctx context.Context, d *sql.DB) (work, error) {
	statement, err := d.PrepareContext(ctx, s.query())
	if err != nil {
		return nil, err
	}
	row := new(R)
	to := pointers(row)
	return func(ctx context.Context, sum *checksum) error {
		rows, err := statement.QueryContext(ctx)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(to...); err != nil {
				return err
			}
			s.add(sum, *row)
		}
		return rows.Err()
	}, nil
}

// scanPgx scans likewise. The statement is prepared by its first query.
func (s *shape[R]) scanPgx(ctx context.Context, db database) (work, error) {
	conn, err := db.connectPgx(ctx)
	if err != nil {
		return nil, err
	}
	row := new(R)
	to, finish := pgxPointers(row)
	return func(ctx context.Context, sum *checksum) error {
		rows, err := conn.Query(ctx, s.query())
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, to, func() error {
			finish()
			s.add(sum, *row)
			return nil
		})
		return err
	}, nil
}

// many reads the table into a slice first. The floor does not: it only scans.
func many(name string, rows int) scenario {
	s := scan(name, people, queries(rows, 1))
	for i := range s.contenders {
		if collect, ok := collectors[s.contenders[i].name]; ok {
			s.contenders[i].open = collect
		}
	}
	return s
}

var collectors = map[string]func(context.Context, task) (work, error){
	ours:           listOurs,
	"alexbrainman": collecting((*shape[person]).scanAlexbrainman),
	"native":       collecting((*shape[person]).scanNative),
}

func listOurs(ctx context.Context, t task) (work, error) {
	d, err := t.db.open(ctx)
	if err != nil {
		return nil, err
	}
	queries := store.New(d)
	return func(ctx context.Context, sum *checksum) error {
		all, err := queries.ListPeople(ctx)
		for _, p := range all {
			people.add(sum, person(p))
		}
		return err
	}, nil
}

// collecting lets a scan append its rows to a slice, and touches them then.
func collecting(scan func(*shape[person], context.Context, task) (work, error)) func(context.Context, task) (work, error) {
	return func(ctx context.Context, t task) (work, error) {
		var all []person
		appending := *people
		appending.touch = func(_ *checksum, p person) { all = append(all, p) }
		do, err := scan(&appending, ctx, t)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, sum *checksum) error {
			all = nil
			if err := do(ctx, sum); err != nil {
				return err
			}
			for _, p := range all {
				touchPerson(sum, p)
			}
			return nil
		}, nil
	}
}

// allocations counts what Go allocates for a row, C and the server aside.
func allocations(rows int) scenario {
	s := scan("allocations", people, size{rows, 1, rows}, floor, "pyodbc")
	s.unit, s.turns = allocationUnit, 2 // which hardly differ
	s.figure = func(t turn, n size) float64 { return 1000 * float64(t.mallocs) / float64(n.units) }
	return s
}

const allocationUnit = "allocations/1000 rows"

// text is n in digits.
func text(n int) string { return strconv.Itoa(n) }
