package runtime_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// document is a row with two cells of any length.
type document struct {
	id    int64
	text  sql.Null[string]
	bytes sql.Null[[]byte]
	title string // a short cell behind long ones
}

var documentColumns = []runtime.Column{
	{Name: "id", Kind: protocol.Int64}, {Name: "body", Kind: protocol.Text, Null: true},
	{Name: "data", Kind: protocol.Binary, Null: true}, {Name: "title", Kind: protocol.Text},
}

var insertDocuments = runtime.Bulk[document]{
	Name: "InsertDocuments", Table: "documents", Columns: documentColumns,
	Encode: func(b *protocol.Batch, d document) {
		b.Int64(0).Append(d.id)
		b.Text(1).AppendNull(d.text)
		b.Binary(2).AppendNull(d.bytes)
		b.Text(3).Append(d.title)
	},
}

var insertDocument = runtime.Command[document]{
	Name: "Insert", SQL: "INSERT INTO documents (id, body, data, title) VALUES (?, ?, ?, ?)",
	Params: []runtime.Param{{Name: "id", Kind: protocol.Int64}, {Name: "body", Kind: protocol.Text}, {Name: "data", Kind: protocol.Binary}, {Name: "title", Kind: protocol.Text}},
	Encode: insertDocuments.Encode,
}

var documents = runtime.Query[int64, document]{
	Name: "Documents", SQL: "SELECT id, body, data, title FROM documents WHERE id <= ? ORDER BY id",
	Params: []runtime.Param{{Name: "last", Kind: protocol.Int64}}, Columns: documentColumns,
	Encode: func(b *protocol.Batch, last int64) { b.Int64(0).Append(last) },
	Decode: func(rows []document, b *protocol.Batch) {
		id, text, bytes, title := b.Int64(0), b.Text(1), b.Binary(2), b.Text(3)
		for i := range rows {
			rows[i] = document{id.At(i), text.Null(i), bytes.Null(i), title.At(i)}
		}
	},
}

func createDocuments(t testing.TB, db database) {
	t.Helper()
	db.exec(t, fmt.Sprintf("CREATE TABLE documents (id BIGINT PRIMARY KEY, body %s, data %s, title VARCHAR(40))", longText.of(db), blob.of(db)))
}

// longValues reads cells longer than their slots at every place of a block,
// of the first block and of later ones, and compares every byte.
func longValues(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		want := longDocuments()
		result, err := insertDocuments.Insert(t.Context(), db, slices.Values(want))
		require.NoError(t, err)
		require.EqualValues(t, len(want), result.Rows)
		requireStored(t, db, want)

		for round := range 2 { // with fresh slots, then with those of the round before
			got, err := documents.Many(t.Context(), db, int64(len(want)))
			require.NoError(t, err)
			requireDocuments(t, want, got, "round %d", round)
		}
		for _, last := range []int64{64, 65, 576, 577} {
			got, err := documents.Many(t.Context(), db, last)
			require.NoError(t, err)
			requireDocuments(t, want[:last], got, "%d rows", last)
		}

		other := open(t, db.Database, runtime.WithPlugin(&driver.Generic))
		got, err := documents.Many(t.Context(), other, int64(len(want)))
		require.NoError(t, err)
		requireDocuments(t, want, got, "generic")
		other.Close()
	})
}

// The lengths around those of a slot: text has one byte less for its content.
var lengths = []int{0, 1, 254, 255, 256, 257, 1000, 5000}

// longDocuments are enough rows for four blocks. Most are short; around the
// places where blocks begin and end they are long, and two are of 1 MiB.
func longDocuments() []document {
	rows := make([]document, 1500)
	for i := range rows {
		rows[i] = document{int64(i + 1), textOf(i, i%7), bytesOf(i, i%5), fmt.Sprint("title ", i)}
	}
	for n, i := range []int{0, 1, 30, 31, 62, 63, 64, 65, 300, 301, 302, 574, 575, 576, 577, 1000, 1001, 1498, 1499} {
		rows[i].text = textOf(i, lengths[n%len(lengths)])
		rows[i].bytes = bytesOf(i, lengths[(n+3)%len(lengths)])
	}
	rows[32].text, rows[32].bytes = textOf(32, 70_000), sql.Null[[]byte]{}
	rows[33].text, rows[33].bytes = sql.Null[string]{}, bytesOf(33, 70_000)
	rows[580].text, rows[581].bytes = textOf(580, 1<<20), bytesOf(581, 1<<20)
	return rows
}

func textOf(seed, length int) sql.Null[string] {
	text := strings.Repeat(fmt.Sprintf("%06d·größe·", seed), length/8+1)
	return sql.Null[string]{V: strings.ToValidUTF8(text[:length], "?"), Valid: true}
}

func bytesOf(seed, length int) sql.Null[[]byte] {
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(i * (seed + 1) >> 3) // zeros too
	}
	return sql.Null[[]byte]{V: b, Valid: true}
}

// requireStored compares with what the engine's own client shows: all that is
// short, and of what is long the length and the first and last characters.
func requireStored(t *testing.T, db database, want []document) {
	t.Helper()
	length := byEngine{"": "length(%s)", "postgres": "octet_length(%s)"}
	bytesOfText := byEngine{"": "octet_length(body)", "sqlite": "length(CAST(body AS BLOB))"}
	rows := db.shown(t, fmt.Sprintf("SELECT id, %s, %s, %s, title FROM documents ORDER BY id", bytesOfText.of(db),
		fmt.Sprintf(length.of(db), "data"), fmt.Sprintf(hexOf.of(db), "data")))
	require.Len(t, rows, len(want))
	for i, d := range want {
		text, bytes, digits := "NULL", "NULL", "NULL"
		if d.text.Valid {
			text = fmt.Sprint(len(d.text.V))
		}
		if d.bytes.Valid {
			bytes, digits = fmt.Sprint(len(d.bytes.V)), strings.ToUpper(hex.EncodeToString(d.bytes.V))
		}
		require.Equal(t, []string{fmt.Sprint(d.id), text, bytes, digits, d.title}, rows[i])
	}
}

// requireDocuments compares rows without printing a megabyte.
func requireDocuments(t *testing.T, want, got []document, message ...any) {
	t.Helper()
	require.Len(t, got, len(want), message...)
	for i := range want {
		require.Equal(t, digest(want[i]), digest(got[i]), message...)
	}
}

func digest(d document) string {
	return fmt.Sprintf("%d %t %d %x %t %d %x %s", d.id, d.text.Valid, len(d.text.V), sha256.Sum256([]byte(d.text.V)),
		d.bytes.Valid, len(d.bytes.V), sha256.Sum256(d.bytes.V), d.title)
}

// longCommands: single rows take the same road as many.
func longCommands(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		var want []document
		for i, length := range []int{0, 63, 64, 65, 1 << 20, 3, 5000, 0, 1} {
			d := document{int64(i), textOf(i, length), bytesOf(i, length), "t"}
			require.NoError(t, insertDocument.Exec(t.Context(), db, d))
			want = append(want, d)
		}
		requireStored(t, db, want)
		got, err := documents.Many(t.Context(), db, 100)
		require.NoError(t, err)
		requireDocuments(t, want, got)
	})
}

// rowCounts reads as many rows as there are, at the edges of blocks, with
// a plugin that fetches blocks and with one that fetches rows.
func rowCounts(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 5000)
		unknown := open(t, db.Database, runtime.WithPlugin(&driver.Generic))
		up := ints("Up", "SELECT n FROM numbers WHERE n <= ? ORDER BY n")
		for _, rows := range []int{0, 1, 2, 63, 64, 65, 127, 128, 129, 575, 576, 577, 4672, 4673, 5000} {
			for _, at := range []database{db, unknown} {
				got, err := up.Many(t.Context(), at, int64(rows))
				require.NoError(t, err)
				require.NotNil(t, got)
				require.Len(t, got, rows)
				require.Equal(t, numbersTo(rows), slices.AppendSeq([]int64(nil), slices.Values(got)))
			}
		}
		unknown.Close()
	})
}

// TestLongValueForgotten: the memory for a long value is not kept with its
// statement, which reads on.
func TestLongValueForgotten(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		long := document{1, textOf(1, 12<<20), sql.Null[[]byte]{}, "long"}
		short := document{2, textOf(2, 3), sql.Null[[]byte]{}, "short"}
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values([]document{long, short}))
		require.NoError(t, err)
		read := func(last int64, want ...document) {
			got, err := documents.Many(t.Context(), db, last)
			require.NoError(t, err)
			requireDocuments(t, want, got)
		}
		read(2, long, short)
		before := heap()
		for range 3 {
			read(2, long, short)
			read(1, long)
		}
		require.Less(t, heap(), before+(4<<20))
		require.Less(t, heap(), uint64(40<<20))
		read(0, []document{}...)
	})
}

// heap returns the bytes that are in use after a collection.
func heap() uint64 {
	var stats goruntime.MemStats
	goruntime.GC()
	goruntime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
