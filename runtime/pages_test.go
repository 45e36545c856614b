package runtime_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

func nextNumber(_, row int64) int64 { return row }

var pageOfNumbers = ints("Page", "SELECT n FROM numbers WHERE n > ? ORDER BY n LIMIT 10")

// TestPages: the last page is full, or not, or the only one, or empty, and
// between pages the only connection is free.
func TestPages(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 30)
		for _, after := range []int64{0, 5, 25, 30} {
			require.Equal(t, numbersTo(30)[after:], append([]int64{}, collect(t, pageOfNumbers.Pages(t.Context(), db, after, nextNumber))...))
		}
		pages := pageOfNumbers.Pages(t.Context(), db, 0, nextNumber)
		for n, err := range pages {
			require.NoError(t, err)
			requireGivenBack(t, db)
			inner, err := count.One(t.Context(), db, n)
			require.NoError(t, err)
			require.EqualValues(t, 31-n, inner)
			if n == 15 {
				break
			}
		}
		require.Equal(t, numbersTo(30), collect(t, pages), "a second range begins again")
	}, runtime.WithPoolSize(1))
}

// TestPagesError: an error in a later page comes after the rows before it.
func TestPagesError(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 30)
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		var rows []int64
		for n, err := range pageOfNumbers.Pages(t.Context(), conn, 0, nextNumber) {
			if n == 10 {
				conn.Close()
			}
			if err != nil {
				requireError(t, err, runtime.Error{Query: "Page", Op: "execute"})
				break
			}
			rows = append(rows, n)
		}
		require.Equal(t, numbersTo(10), rows)
	})
}

// TestPagesDoNotAdvance: a page that ends where the one before did would come
// again for ever.
func TestPagesDoNotAdvance(t *testing.T) {
	notBehind := ints("Page", "SELECT n FROM numbers WHERE n >= ? ORDER BY n LIMIT 10")
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 30)
		var rows int
		var failed error
		for _, err := range notBehind.Pages(t.Context(), db, 0, nextNumber) {
			if failed = err; err == nil {
				rows++
			}
		}
		e := requireError(t, failed, runtime.Error{Query: "Page", Op: "fetch"})
		require.ErrorContains(t, e, "the keyset does not advance")
		require.Less(t, rows, 50)
	})
}
