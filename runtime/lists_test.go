package runtime_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// choice are the parameters of the queries with lists.
type choice struct {
	ns    []int64
	least int64
	words []string
}

func encodeChoice(b *protocol.Batch, c choice) {
	for _, n := range c.ns {
		b.Int64(0).Append(n)
	}
	b.Int64(1).Append(c.least)
	for _, w := range c.words {
		b.Text(2).Append(w)
	}
	for _, n := range c.ns {
		b.Int64(3).Append(n)
	}
}

var choiceParams = []runtime.Param{
	{Name: "ns", Kind: protocol.Int64, List: true}, {Name: "least", Kind: protocol.Int64},
	{Name: "words", Kind: protocol.Text, List: true}, {Name: "ns", Kind: protocol.Int64, List: true},
}

// TestLists holds lists of all lengths, among other parameters and used twice, against
// what they mean: a row is chosen that is in ns, at least least, not among the words,
// and again in ns. No list is in a NULL.
func TestLists(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE words (n BIGINT, word VARCHAR(20))")
		db.exec(t, "INSERT INTO words VALUES (1, 'a'), (2, 'it''s'), (3, '?...'), (4, 'NULL'), (5, ''), (NULL, 'none'), (6, NULL)")
		words := map[int64]string{1: "a", 2: "it's", 3: "?...", 4: "NULL", 5: "", 6: "\x00"}
		q := ints("Choose", "SELECT n FROM words WHERE n IN (?...) AND n >= ? AND (word not in ( ?... ) OR word IS NULL) AND NOT n NOT IN (?...) ORDER BY n")
		choose := &runtime.Query[choice, int64]{Name: "Choose", SQL: q.SQL, Params: choiceParams, Columns: q.Columns, Encode: encodeChoice, Decode: q.Decode}
		for range 200 {
			c := choice{ns: perm(9), least: rand.Int64N(3), words: []string{"a", "it's", "?...", "NULL", "", "long", "none"}}
			rand.Shuffle(len(c.words), func(i, k int) { c.words[i], c.words[k] = c.words[k], c.words[i] })
			c.ns, c.words = c.ns[:rand.IntN(len(c.ns))], c.words[:rand.IntN(len(c.words))]
			want := []int64{}
			for n := int64(1); n <= 6; n++ {
				if slices.Contains(c.ns, n) && n >= c.least && !slices.Contains(c.words, words[n]) {
					want = append(want, n)
				}
			}
			got, err := choose.Many(t.Context(), db, c)
			require.NoError(t, err)
			require.Equal(t, want, got, "%+v", c)
		}
	}, runtime.WithPoolSize(1))
}

// TestEmptyLists: IN nothing is false and NOT IN nothing is true, also for NULL.
func TestEmptyLists(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE things (n BIGINT, name VARCHAR(20), price DECIMAL(10,2))")
		db.exec(t, "INSERT INTO things VALUES (1, 'a', 1.5), (NULL, NULL, NULL)")
		for _, column := range []string{"n", "name", "price", "lower(name)", "n + 1", "coalesce(n, 1)"} {
			for sql, want := range map[string]int64{"%s IN (?...)": 0, "%s NOT IN (?...)": 2, "NOT %s IN (?...)": 2, "NOT (%s NOT\n in (\n?...))": 0} {
				q := ints("Empty", "SELECT COUNT(*) AS n FROM things WHERE "+fmt.Sprintf(sql, column))
				empty := &runtime.Query[[]int64, int64]{
					Name: "Empty", SQL: q.SQL, Columns: q.Columns, Decode: q.Decode,
					Params: []runtime.Param{{Name: "ns", Kind: protocol.Int64, List: true}},
					Encode: func(*protocol.Batch, []int64) {},
				}
				n, err := empty.One(t.Context(), db, nil)
				require.NoError(t, err, q.SQL)
				require.Equal(t, want, n, q.SQL)
			}
		}
	})
}

// TestListsOfKinds finds a row by a list of several values of the kind.
func TestListsOfKinds(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE prices (n BIGINT, price DECIMAL(20,2))")
		db.exec(t, "INSERT INTO prices VALUES (1, 1.5), (2, 12345678901234.25), (3, 7)")
		q := ints("Priced", "SELECT n FROM prices WHERE price IN (?...) ORDER BY n")
		priced := &runtime.Query[[]string, int64]{
			Name: "Priced", SQL: q.SQL, Columns: q.Columns, Decode: q.Decode,
			Params: []runtime.Param{{Name: "prices", Kind: protocol.Decimal, List: true}},
			Encode: func(b *protocol.Batch, prices []string) {
				for _, p := range prices {
					b.Decimal(0).Append(decimal.RequireFromString(p))
				}
			},
		}
		got, err := priced.Many(t.Context(), db, []string{"12345678901234.25", "1.50", "9"})
		require.NoError(t, err)
		require.Equal(t, []int64{1, 2}, got)
	})
}

// TestLongLists: as many values as a statement can have parameters, and one more, in a
// command within a transaction.
func TestLongLists(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 10)
		forget := &runtime.Command[[]int64]{
			Name: "Forget", SQL: "DELETE FROM numbers WHERE n IN (?...)",
			Params: []runtime.Param{{Name: "ns", Kind: protocol.Int64, List: true}},
			Encode: func(b *protocol.Batch, ns []int64) {
				for _, n := range ns {
					b.Int64(0).Append(n)
				}
			},
		}
		most := db.Plugin().Lists.Markers()
		ns := make([]int64, most)
		for i := range ns {
			ns[i] = int64(i + 5)
		}
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			n, err := forget.Affected(t.Context(), tx, ns)
			require.NoError(t, err)
			require.EqualValues(t, 6, n)
			if db.Plugin().Lists.Array {
				_, err = forget.Affected(t.Context(), tx, append(ns, 11))
				require.NoError(t, err)
				return nil
			}
			_, err = forget.Affected(t.Context(), tx, append(ns, 1))
			require.ErrorIs(t, err, runtime.ErrListTooLong)
			require.ErrorContains(t, err, fmt.Sprintf("the list is too long: %d values, where a statement can have %d", most+1, most))
			return nil
		})
		require.NoError(t, err)
		n, err := count.One(t.Context(), db, 1)
		require.NoError(t, err)
		require.EqualValues(t, 4, n)
	})
}

// TestInsertID: the number of the row, 0 for none, from the connection that inserted it.
func TestInsertID(t *testing.T) {
	number := map[string]string{"sqlite": "INTEGER PRIMARY KEY", "mariadb": "BIGINT AUTO_INCREMENT PRIMARY KEY", "postgres": "BIGINT"}
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE things (id "+number[db.Name]+", name VARCHAR(20))")
		add := &runtime.Command[runtime.None]{Name: "Add", SQL: "INSERT INTO things (name) VALUES ('a')"}
		none := &runtime.Command[runtime.None]{Name: "None", SQL: "INSERT INTO things (name) SELECT name FROM things WHERE 1 = 0"}
		if db.Name == "postgres" {
			_, err := add.InsertID(t.Context(), db, runtime.None{})
			requireError(t, err, runtime.Error{Query: "Add", Op: "execute"})
			require.Empty(t, db.shown(t, "SELECT name FROM things"))
			return
		}
		for want := range int64(3) {
			id, err := add.InsertID(t.Context(), db, runtime.None{})
			require.NoError(t, err)
			require.Equal(t, want+1, id)
			id, err = none.InsertID(t.Context(), db, runtime.None{})
			require.NoError(t, err)
			require.Zero(t, id)
		}
	})
}

// perm returns the numbers below n in any order.
func perm(n int) []int64 {
	all := make([]int64, n)
	for i, k := range rand.Perm(n) {
		all[i] = int64(k)
	}
	return all
}

// TestArrays: where the database takes arrays, a list is one for any marker, and NULL
// where it says so.
func TestArrays(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if !db.Plugin().Lists.Array {
			return
		}
		q := ints("Count", "SELECT COALESCE(array_length(?::text[], 1), -1) + (? = ANY(?))::int AS n")
		count := &runtime.Query[[]string, int64]{
			Name: "Count", SQL: q.SQL, Columns: q.Columns, Decode: q.Decode,
			Params: []runtime.Param{
				{Name: "words", Kind: protocol.Text, List: true, Null: true}, {Name: "first", Kind: protocol.Text}, {Name: "words", Kind: protocol.Text, List: true},
			},
			Encode: func(b *protocol.Batch, words []string) {
				b.Text(1).Append(`it's {1,"2"}\`)
				for _, w := range words {
					b.Text(0).Append(w)
					b.Text(2).Append(w)
				}
			},
		}
		for _, test := range []struct {
			words []string
			want  int64
		}{{nil, -1}, {[]string{"a", "NULL", ""}, 3}, {[]string{"b", `it's {1,"2"}\`}, 3}} {
			n, err := count.One(t.Context(), db, test.words)
			require.NoError(t, err)
			require.Equal(t, test.want, n)
		}
	})
}
