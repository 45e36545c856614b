package runtime_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// word is a row of the table words.
type word struct {
	n    int64
	text sql.Null[string]
}

// wordSets are the results that the tests below are about.
type wordSets struct {
	changed, removed int64
	words            []word
	counted          int64
	longest          *string
}

var wordColumns = []runtime.Column{{Name: "n", Kind: protocol.Int64}, {Name: "word", Kind: protocol.Text, Null: true}}

func decodeWords(rows []word, b *protocol.Batch) {
	n, text := b.Int64(0), b.Text(1)
	for i := range rows {
		rows[i] = word{n.At(i), text.Null(i)}
	}
}

func decodeInt64(rows []int64, b *protocol.Batch) {
	n := b.Int64(0)
	for i := range rows {
		rows[i] = n.At(i)
	}
}

func decodeText(rows []string, b *protocol.Batch) {
	text := b.Text(0)
	for i := range rows {
		rows[i] = text.At(i)
	}
}

// The sets of wordSets.
var (
	changedSet = runtime.Set[wordSets]{Name: "changed", Into: runtime.IntoCount(func(s *wordSets) *int64 { return &s.changed })}
	removedSet = runtime.Set[wordSets]{Name: "removed", Into: runtime.IntoCount(func(s *wordSets) *int64 { return &s.removed })}
	doneSet    = runtime.Set[wordSets]{Name: "done"}
	wordsSet   = runtime.Set[wordSets]{
		Name: "words", Columns: wordColumns, Into: runtime.IntoSlice(decodeWords, func(s *wordSets) *[]word { return &s.words }),
	}
	countedSet = runtime.Set[wordSets]{
		Name: "counted", Columns: []runtime.Column{{Name: "counted", Kind: protocol.Int64}},
		Into: runtime.IntoValue(decodeInt64, func(s *wordSets) *int64 { return &s.counted }),
	}
	longestSet = runtime.Set[wordSets]{
		Name: "longest", Columns: []runtime.Column{{Name: "word", Kind: protocol.Text}},
		Into: runtime.IntoPointer(decodeText, func(s *wordSets) **string { return &s.longest }),
	}
)

// part returns a statement with an int64 for each marker.
func part(sql string, results ...runtime.Set[wordSets]) runtime.SetsStatement[int64, wordSets] {
	st := runtime.SetsStatement[int64, wordSets]{SQL: sql, Results: results}
	for range strings.Count(sql, "?") {
		st.Params = append(st.Params, runtime.Param{Name: "p", Kind: protocol.Int64})
	}
	st.Encode = func(b *protocol.Batch, p int64) {
		for i := range b.Columns() {
			b.Int64(i).Append(p)
		}
	}
	return st
}

func setsOf(statements ...runtime.SetsStatement[int64, wordSets]) *runtime.Sets[int64, wordSets] {
	return &runtime.Sets[int64, wordSets]{Name: "Words", Statements: statements}
}

const (
	selectWords   = "SELECT n, word FROM words WHERE n >= ? ORDER BY n"
	selectLongest = "SELECT word FROM words WHERE n >= ? AND word IS NOT NULL ORDER BY length(word) DESC LIMIT 1"
	updateWords   = "UPDATE words SET word = 'changed' WHERE n = ?"
	deleteWords   = "DELETE FROM words WHERE n > ?"
	countWords    = "SELECT count(*) AS counted FROM words"
)

// longWord does not fit the first slot of its column.
var longWord = strings.Repeat("ä€", 5000)

// withWords makes the table words: 1 'one', 2 NULL, 3 longWord.
func withWords(t testing.TB, db database) {
	t.Helper()
	db.exec(t, "CREATE TABLE words (n BIGINT NOT NULL PRIMARY KEY, word "+longText.of(db)+")")
	db.exec(t, "INSERT INTO words VALUES (1, 'one'), (2, NULL), (3, '"+longWord+"')")
}

// TestSets: a row count comes first, rows and counts are mixed, and the second
// time everything is read with statements that were kept.
func TestSets(t *testing.T) {
	sets := setsOf(
		part(updateWords, changedSet), part(selectWords, wordsSet), part(countWords, countedSet),
		part("INSERT INTO words VALUES (? + 100, 'new')", doneSet), part(selectLongest, longestSet), part(deleteWords, removedSet),
	)
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		for _, s := range []runtime.Session{db, conn, conn} {
			got, err := sets.Run(t.Context(), s, 99)
			require.NoError(t, err)
			fresh := "new"
			require.Equal(t, wordSets{words: []word{}, counted: 3, longest: &fresh, removed: 1}, got)
		}
		got, err := sets.Run(t.Context(), conn, 1)
		require.NoError(t, err)
		conn.Close()
		require.Equal(t, wordSets{
			changed: 1, words: []word{{1, valid("changed")}, {2, sql.Null[string]{}}, {3, valid(longWord)}}, counted: 3, longest: &longWord, removed: 3,
		}, got)
		requireStatements(t, db, 12)
	}, runtime.WithPoolSize(2))
}

func valid(text string) sql.Null[string] { return sql.Null[string]{V: text, Valid: true} }

// TestSetsCounts has no rows at all.
func TestSetsCounts(t *testing.T) {
	sets := setsOf(part(updateWords, changedSet), part(deleteWords, removedSet))
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		for _, want := range []wordSets{{changed: 1, removed: 2}, {}} {
			got, err := sets.Run(t.Context(), db, 1)
			require.NoError(t, err)
			if want.changed == 0 && db.Name != "mariadb" { // which does not count what stays as it is
				want.changed = 1
			}
			require.Equal(t, want, got)
		}
	})
}

// TestSetsRows: opt without a row, one without, one and opt with two.
func TestSetsRows(t *testing.T) {
	const all = "SELECT n FROM words WHERE n <= ?"
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		got, err := setsOf(part(countWords, countedSet), part(selectLongest, longestSet)).Run(t.Context(), db, 4)
		require.NoError(t, err)
		require.Equal(t, wordSets{counted: 3}, got)

		one := setsOf(part(countWords, countedSet), part(all, countedSet))
		_, err = one.Run(t.Context(), db, 0)
		requireError(t, err, runtime.Error{Query: "Words", Set: "counted", Op: "fetch", Err: runtime.ErrNoRows})
		_, err = one.Run(t.Context(), db, 3)
		requireError(t, err, runtime.Error{Query: "Words", Set: "counted", Op: "fetch", Err: runtime.ErrTooManyRows})
		got, err = one.Run(t.Context(), db, 1)
		require.NoError(t, err)
		require.EqualValues(t, 1, got.counted)
	})
}

// TestSetsManyBlocks reads a set of many blocks behind another one, with long
// values in the first and the last block.
func TestSetsManyBlocks(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		withNumbers(t, db, 3000)
		db.exec(t, "INSERT INTO words SELECT n, 'word' FROM numbers WHERE n > 3")
		db.exec(t, "UPDATE words SET word = '"+longWord+"' WHERE n = 2990")
		split := setsOf(part(countWords, countedSet), part(selectWords, wordsSet))
		for _, sets := range []*runtime.Sets[int64, wordSets]{split, split, several(t, db)} {
			got, err := sets.Run(t.Context(), db, 0)
			require.NoError(t, err)
			require.Len(t, got.words, 3000)
			for i, w := range got.words {
				require.EqualValues(t, i+1, w.n)
			}
			require.Equal(t, valid(longWord), got.words[2].text)
			require.Equal(t, valid(longWord), got.words[2989].text)
			require.Equal(t, valid("word"), got.words[2999].text)
		}
	})
}

// TestSetsError: an error names its set, what came before is there, and the
// connection goes on.
func TestSetsError(t *testing.T) {
	insert := part("INSERT INTO words VALUES (?, 'again')", changedSet)
	sets := setsOf(part(deleteWords, removedSet), insert, part(selectWords, wordsSet))
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		got, err := sets.Run(t.Context(), db, 1)
		e := requireError(t, err, runtime.Error{Query: "Words", Set: "changed", Op: "execute"})
		require.NotEmpty(t, e.State)
		require.Regexp(t, `^query Words: set "changed": execute: `, err.Error())
		require.Equal(t, wordSets{removed: 2}, got)
		require.Equal(t, [][]string{{"1"}}, db.shown(t, "SELECT count(*) FROM words"), "what ran stays done")

		got, err = sets.Run(t.Context(), db, 2)
		require.NoError(t, err)
		require.Equal(t, wordSets{changed: 1, words: []word{{2, valid("again")}}}, got)

		err = db.InTx(t.Context(), func(tx *runtime.Tx) error {
			_, err := sets.Run(t.Context(), tx, 1)
			return err
		})
		require.ErrorAs(t, err, &e)
		require.Equal(t, [][]string{{"2"}}, db.shown(t, "SELECT count(*) FROM words"), "in a transaction, nothing stays")
	}, runtime.WithPoolSize(1))
}

// TestSetsOtherResults: the database gives something else than what is expected.
func TestSetsOtherResults(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		for _, test := range []struct {
			sets *runtime.Sets[int64, wordSets]
			want string
		}{
			{setsOf(part(updateWords, changedSet), part(selectWords, removedSet)), `set "removed": fetch: the database gave rows where a row count was expected`},
			{setsOf(part(updateWords, wordsSet)), `set "words": fetch: the database gave a row count where rows were expected`},
			{setsOf(part(selectWords, countedSet)), `set "counted": prepare: the database is not the one that the code was generated for: the number of columns was 1 and is 2; `},
			{setsOf(part(selectWords, wordsSet, countedSet)), `set "counted": fetch: the database gave no more results`},
		} {
			for range 2 {
				_, err := test.sets.Run(t.Context(), db, 1)
				require.ErrorContains(t, err, test.want)
			}
		}
		got, err := setsOf(part(selectWords, wordsSet)).Run(t.Context(), db, 3)
		require.NoError(t, err)
		require.Len(t, got.words, 1)
	}, runtime.WithPoolSize(1))
}

// TestSetsCancelled: the second statement is at work when the context ends.
func TestSetsCancelled(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		sets := setsOf(part(updateWords, changedSet), part(slow[db.Name][0].SQL, countedSet), part(selectWords, wordsSet))
		ctx, ended := cancelSoon(t)
		got, err := sets.Run(ctx, db, forever)
		require.Less(t, time.Since(ended()), cancelPatience)
		requireError(t, err, runtime.Error{Query: "Words", Set: "counted", Op: "execute", Err: context.Canceled})
		require.Equal(t, wordSets{}, got)

		got, err = sets.Run(t.Context(), db, 0)
		require.NoError(t, err)
		require.Len(t, got.words, 3)
	}, runtime.WithPoolSize(1))
}

// severalResults are statements that have several results, as far as the engines
// can have them: first some DDL, then the statement and its sets.
var severalResults = map[string]struct {
	ddl, sql string
	results  []runtime.Set[wordSets]
}{
	"sqlite": {sql: selectWords, results: []runtime.Set[wordSets]{wordsSet}},
	"postgres": {
		sql:     updateWords + "; " + countWords + "; " + selectWords + "; " + deleteWords,
		results: []runtime.Set[wordSets]{changedSet, countedSet, wordsSet, removedSet},
	},
	"mariadb": {
		ddl: "CREATE PROCEDURE several(IN low BIGINT) BEGIN" +
			" UPDATE words SET word = 'changed' WHERE n = low; SELECT count(*) AS counted FROM words;" +
			" SELECT n, word FROM words WHERE n >= low ORDER BY n; DELETE FROM words WHERE n > low; END",
		sql:     "CALL several(?)",
		results: []runtime.Set[wordSets]{countedSet, wordsSet, removedSet}, // the count is that of all statements together
	},
}

// several returns the statement of severalResults for db.
func several(t testing.TB, db database) *runtime.Sets[int64, wordSets] {
	t.Helper()
	call := severalResults[db.Name]
	if call.ddl != "" {
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.Exec(t.Context(), call.ddl))
	}
	return setsOf(part(call.sql, call.results...))
}

// TestSetsOfOneStatement reads several results of one execution, and a statement
// that is kept after others and after errors.
func TestSetsOfOneStatement(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		sets := several(t, db)
		for range 2 {
			got, err := sets.Run(t.Context(), db, 99)
			require.NoError(t, err)
			require.Equal(t, []word{}, got.words)
		}
		got, err := sets.Run(t.Context(), db, 2)
		require.NoError(t, err)
		if db.Name == "sqlite" {
			require.Equal(t, wordSets{words: []word{{2, sql.Null[string]{}}, {3, valid(longWord)}}}, got)
			return
		}
		want := wordSets{counted: 3, words: []word{{2, valid("changed")}, {3, valid(longWord)}}, removed: 2}
		if db.Name == "postgres" {
			want.changed, want.removed = 1, 1
		}
		require.Equal(t, want, got)

		results := severalResults[db.Name].results
		n := len(results)
		for _, test := range []struct {
			results []runtime.Set[wordSets]
			want    string
		}{
			{results[:n-1], `set "words": fetch: the database gave a row count behind this, the last result that was expected`},
			{results[:n-2], `set "counted": fetch: the database gave rows behind this, the last result that was expected`},
			{append(results[:n:n], doneSet), `set "done": fetch: the database gave no more results`},
			{append(results[:n-2:n-2], doneSet), `set "done": fetch: the database gave rows where a row count was expected`},
			{append(results[:n-1:n-1], wordsSet), `set "words": fetch: the database gave a row count where rows were expected`},
			{append(results[:n-2:n-2], longestSet), `set "longest": bind: the database is not the one that the code was generated for: the number of columns was 1 and is 2; column 1 "n" is new: run odbcgen generate again`},
		} {
			for range 2 {
				_, err := setsOf(part(severalResults[db.Name].sql, test.results...)).Run(t.Context(), db, 2)
				require.ErrorContains(t, err, test.want)
				got, err := sets.Run(t.Context(), db, 2)
				require.NoError(t, err)
				require.EqualValues(t, 2, got.counted)
			}
		}
	}, runtime.WithPoolSize(2))
}

// TestSetsCancelledBetweenResults: where a statement can have several results, the
// context ends while the database is at work on the second.
func TestSetsCancelledBetweenResults(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		sets := setsOf(part(slow[db.Name][0].SQL, countedSet))
		if db.Name == "mariadb" {
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			require.NoError(t, conn.Exec(t.Context(), "CREATE PROCEDURE late(IN seconds BIGINT) BEGIN"+
				" SELECT n, word FROM words; SELECT sleep(seconds) AS counted; END"))
			conn.Close()
			sets = setsOf(part("CALL late(?)", wordsSet, countedSet, doneSet))
		}
		ctx, ended := cancelSoon(t)
		_, err := sets.Run(ctx, db, forever)
		require.Less(t, time.Since(ended()), cancelPatience)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, `set "counted"`)
		_, err = sets.Run(t.Context(), db, 0)
		require.NoError(t, err)
	}, runtime.WithPoolSize(1))
}

// returning are statements that change something and give its long text back.
// sqliteodbc does not show the rows of a RETURNING.
var returning = byEngine{
	"":       "INSERT INTO words VALUES (? + 4, '" + longWord + "') RETURNING n, word",
	"sqlite": selectWords,
}

// TestLongReturning: psqlodbc gives a cursor that cannot go back for what does not
// begin with SELECT.
func TestLongReturning(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withWords(t, db)
		q := runtime.Query[int64, word]{
			Name: "Returning", SQL: returning.of(db), Columns: wordColumns, Decode: decodeWords,
			Params: []runtime.Param{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64,
		}
		for _, n := range []int64{3, 2} {
			rows, err := q.Many(t.Context(), db, n)
			require.NoError(t, err)
			require.Equal(t, valid(longWord), rows[len(rows)-1].text)
		}
	})
}
