package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

type entry struct {
	id   int64
	word string
	n    int64
}

// wordsOn returns the query of the text, as it was generated on the database when it
// had the table words (id BIGINT, word VARCHAR(20), n BIGINT).
func wordsOn(db database, sql string) *runtime.Query[runtime.None, entry] {
	return &runtime.Query[runtime.None, entry]{
		Name: "Words", SQL: sql, Driver: db.Name,
		Columns: []runtime.Column{{Name: "id", Kind: protocol.Int64}, {Name: "word", Kind: protocol.Text}, {Name: "n", Kind: protocol.Int64}},
		Decode: func(rows []entry, b *protocol.Batch) {
			id, text, n := b.Int64(0), b.Text(1), b.Int64(2)
			for i := range rows {
				rows[i] = entry{id.At(i), text.At(i), n.At(i)}
			}
		},
	}
}

const (
	namedWords = "SELECT id, word, n FROM words"
	starWords  = "SELECT * FROM words"
)

// TestDrift: a statement is held against its code when it is first prepared.
func TestDrift(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		compatible := open(t, db.Database, runtime.WithDrift(runtime.DriftCompatible))
		ignored := open(t, db.Database, runtime.WithDrift(runtime.DriftIgnored))
		defer compatible.Close()
		defer ignored.Close()
		for _, test := range []struct {
			sql, columns string
			strict       string // what the error says, "" where there is none
			compatible   bool
		}{
			{namedWords, "id BIGINT, word VARCHAR(20), n BIGINT", "", true},
			{starWords, "id BIGINT, word VARCHAR(20), n BIGINT", "", true},
			{namedWords, "n BIGINT, more BIGINT, word VARCHAR(200) NOT NULL, id BIGINT", "", true},
			{namedWords, "id BIGINT, word " + longText.of(db) + ", n BIGINT", "", true},
			{namedWords, "id BIGINT, word CHAR(3), n SMALLINT", `column 3 "n" was int64 and is int16 (`, true},
			{namedWords, "id BIGINT, word VARCHAR(20), n DOUBLE PRECISION", `column 3 "n" was int64 and is float64 (`, false},
			{namedWords, "id DECIMAL(10,2), word VARCHAR(20), n VARCHAR(20)", `column 1 "id" was int64 and is decimal (`, false},
			{namedWords, "id DECIMAL(10,2), word VARCHAR(20), n VARCHAR(20)", `); column 3 "n" was int64 and is text (`, false},
			{namedWords, "id BIGINT, word " + blob.of(db) + ", n BIGINT", `column 2 "word" was text and is binary (`, false},
			{starWords, fmt.Sprintf("%s BIGINT, word VARCHAR(20), n BIGINT", db.Plugin().Dialect.Quote("ID")), `column 1 "id" is called "ID": run`, true},
			{starWords, "n BIGINT, word VARCHAR(20), id BIGINT", `column 1 "id" is called "n"; column 3 "n" is called "id": run`, false},
			{starWords, "id BIGINT, word VARCHAR(20)", `the number of columns was 3 and is 2; column 3 "n" is gone: run`, false},
			{starWords, "id BIGINT, word VARCHAR(20), more BIGINT, n BIGINT", `the number of columns was 3 and is 4; column 3 "more" is new: run`, false},
		} {
			db.exec(t, "DROP TABLE IF EXISTS words; CREATE TABLE words ("+test.columns+")")
			var want []entry
			if test.compatible && test.sql == namedWords && !strings.Contains(test.columns, "more") {
				db.exec(t, "INSERT INTO words (id, word, n) VALUES (1, 'abc', 2)")
				want = []entry{{1, "abc", 2}}
			}
			query := wordsOn(db, test.sql)
			for range 2 {
				_, err := query.Many(t.Context(), db, runtime.None{})
				requireDrift(t, err, test.strict)
			}
			if rows, err := query.Many(t.Context(), compatible, runtime.None{}); test.compatible {
				require.NoError(t, err, test.columns)
				require.ElementsMatch(t, want, rows)
			} else {
				requireDrift(t, err, test.strict)
			}
			if _, err := query.Many(t.Context(), ignored, runtime.None{}); len(columnsOf(t, db, test.sql)) == 3 {
				require.NoError(t, err, test.columns)
			} else {
				requireDrift(t, err, test.strict)
			}
			old := *query
			old.Driver = ""
			if _, err := old.Many(t.Context(), db, runtime.None{}); len(columnsOf(t, db, test.sql)) == 3 {
				require.NoError(t, err, test.columns)
			}
		}
	})
}

// requireDrift checks that a query has failed with what the error is to say, or not
// where it is to say nothing.
func requireDrift(t *testing.T, err error, says string) {
	t.Helper()
	if says == "" {
		require.NoError(t, err)
		return
	}
	var drift *runtime.DriftError
	require.ErrorAs(t, err, &drift)
	require.Equal(t, "Words", drift.Query)
	require.NotEmpty(t, drift.Changes)
	require.ErrorContains(t, requireError(t, err, runtime.Error{Query: "Words", Op: "prepare", Err: runtime.ErrDrift}), says)
}

func columnsOf(t *testing.T, db database, sql string) []runtime.ColumnDescription {
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	described, err := c.Describe(t.Context(), sql)
	require.NoError(t, err)
	return described.Columns
}

// TestDriftTold: what the driver told when the code was generated counts, where the
// code has another type, or it told nothing.
func TestDriftTold(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE words (id BIGINT, word VARCHAR(20), n BIGINT)")
		query := wordsOn(db, "SELECT n AS id, n AS word, word AS n FROM words")
		_, err := query.Many(t.Context(), db, runtime.None{})
		requireDrift(t, err, `column 2 "word" was text and is int64`)
		query = wordsOn(db, query.SQL)
		query.Columns[1].Told, query.Columns[2].Untold = protocol.Int64, true
		_, err = query.Many(t.Context(), db, runtime.None{})
		require.NoError(t, err)

		other := wordsOn(db, "SELECT word AS a, id AS b, n AS c FROM words")
		other.Driver = "another"
		_, err = other.Many(t.Context(), db, runtime.None{})
		require.NoError(t, err)
	})
}

// TestDriftOfParameters: they are compared where the driver tells their types. A
// wider one takes all values that are sent.
func TestDriftOfParameters(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		compatible := open(t, db.Database, runtime.WithDrift(runtime.DriftCompatible))
		defer compatible.Close()
		db.exec(t, "CREATE TABLE words (id BIGINT, n INTEGER)")
		for _, test := range []struct {
			sql                string
			kind               protocol.Kind
			strict, compatible string
		}{
			{"DELETE FROM words WHERE id = ?", protocol.Int64, "", ""},
			{"DELETE FROM words WHERE id = ?", protocol.Int32, `parameter 1 "p" was int32 and is int64: run`, ""},
			{"DELETE FROM words WHERE n = ?", protocol.Int64, `parameter 1 "p" was int64 and is int32: run`, `parameter 1 "p" was int64 and is int32: run`},
		} {
			remove := command("Words", test.sql, test.kind, func(b *protocol.Batch, n int64) {
				if test.kind == protocol.Int32 {
					b.Int32(0).Append(int32(n))
				} else {
					b.Int64(0).Append(n)
				}
			})
			remove.Driver = db.Name
			if !db.Plugin().Describe.Params {
				test.strict, test.compatible = "", ""
			}
			requireDrift(t, remove.Exec(t.Context(), db, 1), test.strict)
			requireDrift(t, remove.Exec(t.Context(), compatible, 1), test.compatible)
		}
		told := command("Words", "DELETE FROM words WHERE n = ?", protocol.Int64, encodeInt64)
		told.Driver, told.Params[0].Told = db.Name, protocol.Int32
		require.NoError(t, told.Exec(t.Context(), db, 1))
	})
}

// readWords are the ways to read a query.
var readWords = map[string]func(context.Context, runtime.Session, *runtime.Query[runtime.None, entry]) ([]entry, error){
	"one": func(ctx context.Context, db runtime.Session, q *runtime.Query[runtime.None, entry]) ([]entry, error) {
		row, err := q.One(ctx, db, runtime.None{})
		return []entry{row}, err
	},
	"many": func(ctx context.Context, db runtime.Session, q *runtime.Query[runtime.None, entry]) ([]entry, error) {
		return q.Many(ctx, db, runtime.None{})
	},
	"stream": func(ctx context.Context, db runtime.Session, q *runtime.Query[runtime.None, entry]) (rows []entry, err error) {
		for row, err := range q.Stream(ctx, db, runtime.None{}) {
			if err != nil {
				return rows, err
			}
			rows = append(rows, row)
		}
		return rows, nil
	},
}

// wordsChanges are made while a statement for the words {1, "a", 2} is kept.
var wordsChanges = []struct {
	name, sql, columns, values string
	want                       entry
	// fails: it must. On SQLite a kept statement with named columns is not compared
	// again, and its values are right or an error.
	fails bool
}{
	{"the same", namedWords, "id BIGINT, word VARCHAR(20), n BIGINT", "3, 'b', 4", entry{3, "b", 4}, false},
	{"longer text", namedWords, "id BIGINT, word VARCHAR(200), n BIGINT", "3, 'bcdefghijklmnopqrstuvwxyz', 4", entry{3, "bcdefghijklmnopqrstuvwxyz", 4}, false},
	{"longer text of a star", starWords, "id BIGINT, word VARCHAR(200), n BIGINT", "3, 'bcdefghijklmnopqrstuvwxyz', 4", entry{3, "bcdefghijklmnopqrstuvwxyz", 4}, false},
	{"another order", namedWords, "n BIGINT, more BIGINT, word VARCHAR(20), id BIGINT", "4, 5, 'b', 3", entry{3, "b", 4}, false},
	{"another order of a star", starWords, "n BIGINT, word VARCHAR(20), id BIGINT", "4, 'b', 3", entry{}, true},
	{"a narrower integer", namedWords, "id BIGINT, word VARCHAR(20), n SMALLINT", "3, 'b', 4", entry{3, "b", 4}, true},
	{"a narrower integer of a star", starWords, "id BIGINT, word VARCHAR(20), n SMALLINT", "3, 'b', 4", entry{}, true},
	{"text for an integer", namedWords, "id BIGINT, word VARCHAR(20), n VARCHAR(20)", "3, 'b', '4'", entry{3, "b", 4}, true},
	{"an integer for text", namedWords, "id BIGINT, word BIGINT, n BIGINT", "3, 5, 4", entry{3, "5", 4}, true},
	{"a fraction for an integer", namedWords, "id BIGINT, word VARCHAR(20), n DOUBLE PRECISION", "3, 'b', 4.5", entry{}, true},
	{"a time for an integer", namedWords, "id BIGINT, word VARCHAR(20), n DATE", "3, 'b', '2024-02-29'", entry{}, true},
	{"a column more", starWords, "id BIGINT, word VARCHAR(20), n BIGINT, more BIGINT", "3, 'b', 4, 5", entry{}, true},
	{"a column less", starWords, "id BIGINT, word VARCHAR(20)", "3, 'b'", entry{}, true},
}

// TestDriftUnderStatement: a table that changes between two calls of a query gives
// the right rows or an error, and the right rows again when it is as it was.
func TestDriftUnderStatement(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		for _, test := range wordsChanges {
			for way, read := range readWords {
				t.Run(test.name+", "+way, func(t *testing.T) {
					query := wordsOn(db, test.sql)
					for try := range 2 {
						makeWords(t, db, "id BIGINT, word VARCHAR(20), n BIGINT", "1, 'a', 2")
						for range 2 {
							rows, err := read(t.Context(), db, query)
							require.NoError(t, err)
							require.Equal(t, []entry{{1, "a", 2}}, rows)
						}
						if try == 0 {
							makeWords(t, db, test.columns, test.values)
							rows, err := read(t.Context(), db, query)
							requireChanged(t, db, test.sql, test.fails, test.want, rows, err)
						}
					}
				})
			}
		}
	}, runtime.WithPoolSize(1))
}

// TestDriftCompatibleUnderStatement: numbers that become narrower, under a kept
// statement too, are read as what they are.
func TestDriftCompatibleUnderStatement(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		for _, read := range readWords {
			query := wordsOn(db, namedWords)
			for _, columns := range []string{"id BIGINT, word VARCHAR(20), n BIGINT", "id INTEGER, word VARCHAR(20), n SMALLINT", "id SMALLINT, word CHAR(1), n BIGINT"} {
				makeWords(t, db, columns, "3, 'b', -4")
				for range 2 {
					rows, err := read(t.Context(), db, query)
					require.NoError(t, err, columns)
					require.Equal(t, []entry{{3, "b", -4}}, rows)
				}
			}
			makeWords(t, db, "id BIGINT, word VARCHAR(20), n DATE", "3, 'b', '2024-02-29'")
			_, err := read(t.Context(), db, query)
			require.Error(t, err)
			require.Equal(t, db.Name != "sqlite", errors.Is(err, runtime.ErrDrift))
		}
	}, runtime.WithPoolSize(1), runtime.WithDrift(runtime.DriftCompatible))
}

// makeWords replaces the table by one with a row.
func makeWords(t *testing.T, db database, columns, values string) {
	db.exec(t, fmt.Sprintf("DROP TABLE IF EXISTS words; CREATE TABLE words (%s); INSERT INTO words VALUES (%s)", columns, values))
}

func requireChanged(t *testing.T, db database, sql string, fails bool, want entry, rows []entry, err error) {
	switch {
	case !fails:
		require.NoError(t, err)
		require.Equal(t, []entry{want}, rows)
	case db.Name == "sqlite" && sql == namedWords && err == nil:
		require.Equal(t, []entry{want}, rows)
	case db.Name == "sqlite" && sql == namedWords:
		requireError(t, err, runtime.Error{Query: "Words", Op: "decode", Column: "n", Row: 1})
	default:
		require.ErrorIs(t, err, runtime.ErrDrift)
	}
}

// TestDriftInTransaction: the transaction goes on behind a statement that was
// prepared anew, and behind one that drifted.
func TestDriftInTransaction(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name == "mariadb" {
			return // its ALTER TABLE commits
		}
		makeWords(t, db, "id BIGINT, word VARCHAR(20), n BIGINT", "1, 'a', 2")
		query := wordsOn(db, namedWords)
		alter := map[string][]string{
			"postgres": {"ALTER TABLE words ALTER word TYPE VARCHAR(200)", "ALTER TABLE words ALTER n TYPE VARCHAR(20)"},
			"sqlite":   {"ALTER TABLE words ADD more BIGINT", "UPDATE words SET n = 'x'"},
		}[db.Name]
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			for i, want := range []error{nil, nil, errOurs} {
				if i > 0 {
					require.NoError(t, statement("Alter", alter[i-1]).Exec(t.Context(), tx, runtime.None{}))
				}
				row, err := query.One(t.Context(), tx, runtime.None{})
				if want == nil {
					require.NoError(t, err)
					require.Equal(t, entry{1, "a", 2}, row)
				} else {
					require.Error(t, err)
					require.Equal(t, db.Name == "postgres", errors.Is(err, runtime.ErrDrift))
				}
			}
			return statement("Insert", "INSERT INTO words (id, word, n) VALUES (5, 'e', '6')").Exec(t.Context(), tx, runtime.None{})
		})
		require.NoError(t, err)
		require.Len(t, db.shown(t, "SELECT id FROM words"), 2)
	}, runtime.WithPoolSize(1))
}

// TestDriftAfterChange: a connection that has met the table as it was does not take
// it for what it was.
func TestDriftAfterChange(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		makeWords(t, db, "id BIGINT, word VARCHAR(20), n VARCHAR(20)", "1, 'a', 'b'")
		_, err := wordsOn(db, namedWords).Many(t.Context(), db, runtime.None{})
		requireDrift(t, err, `column 3 "n" was int64 and is text`)
		makeWords(t, db, "id BIGINT, word VARCHAR(20), n BIGINT", "1, 'a', 2")
		rows, err := wordsOn(db, namedWords).Many(t.Context(), db, runtime.None{})
		require.NoError(t, err)
		require.Equal(t, []entry{{1, "a", 2}}, rows)
	}, runtime.WithPoolSize(1))
}

// TestDriftOfExpressions: a column that has its type from a parameter has another
// one with NULL, which is no drift.
func TestDriftOfExpressions(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE words (id BIGINT, word VARCHAR(20), n BIGINT); INSERT INTO words VALUES (1, 'a', 2)")
		query := runtime.Query[*int64, int64]{
			Name: "Words", SQL: byEngine{"": "SELECT COALESCE(?, n) AS n FROM words", "postgres": "SELECT COALESCE(?::bigint, n) AS n FROM words"}.of(db), Driver: db.Name,
			Params:  []runtime.Param{{Name: "p", Kind: protocol.Int64}},
			Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64, Untold: db.Name != "postgres"}},
			Encode:  func(b *protocol.Batch, p *int64) { b.Int64(0).AppendPtr(p) },
			Decode:  decodeColumn((*protocol.Batch).Int64),
		}
		for range 3 {
			for _, p := range []*int64{nil, new(int64)} {
				n, err := query.One(t.Context(), db, p)
				require.NoError(t, err)
				require.EqualValues(t, map[bool]int64{true: 2, false: 0}[p == nil], n)
			}
		}
	}, runtime.WithPoolSize(1))
}

// TestDriftOfSets: a set says which it is.
func TestDriftOfSets(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		makeWords(t, db, "id BIGINT, word VARCHAR(20), n VARCHAR(20)", "1, 'a', 'b'")
		type both struct{ ids, ns []int64 }
		numbers := decodeColumn((*protocol.Batch).Int64)
		sets := runtime.Sets[runtime.None, both]{
			Name: "Words", Driver: db.Name,
			Statements: []runtime.SetsStatement[runtime.None, both]{
				{SQL: "SELECT id FROM words", Results: []runtime.Set[both]{{
					Name: "ids", Columns: []runtime.Column{{Name: "id", Kind: protocol.Int64}}, Into: runtime.IntoSlice(numbers, func(b *both) *[]int64 { return &b.ids }),
				}}},
				{SQL: "SELECT n FROM words", Results: []runtime.Set[both]{{
					Name: "ns", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Into: runtime.IntoSlice(numbers, func(b *both) *[]int64 { return &b.ns }),
				}}},
			},
		}
		got, err := sets.Run(t.Context(), db, runtime.None{})
		requireError(t, err, runtime.Error{Query: "Words", Set: "ns", Op: "prepare", Err: runtime.ErrDrift})
		require.Equal(t, []int64{1}, got.ids)
		makeWords(t, db, "id BIGINT, word VARCHAR(20), n BIGINT", "1, 'a', 2")
		got, err = sets.Run(t.Context(), db, runtime.None{})
		require.NoError(t, err)
		require.Equal(t, both{[]int64{1}, []int64{2}}, got)
	}, runtime.WithPoolSize(1))
}
