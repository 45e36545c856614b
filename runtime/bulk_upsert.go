package runtime

import (
	"context"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// merges reports whether the statement is a MERGE. Where rows of one key are not there,
// all of them are inserted, unless a unique key refuses that.
func (in *insertion) merges() bool {
	return in.upserts() && in.c.dialect.Upserts.Form == driver.MergeRows
}

// hasKey asks whether a MERGE goes by a unique key.
func (in *insertion) hasKey(ctx context.Context) (bool, error) {
	list := in.c.dialect.Upserts.Merge.Keys
	if !in.merges() || list == "" {
		return false, nil
	}
	table, err := in.c.dialect.QualifiedName(in.table)
	if err != nil {
		return false, in.wrap("prepare", err)
	}
	q := Query[string, [2]string]{
		Name: in.name, SQL: list,
		Params:  []Param{{Name: "table", Kind: protocol.Text}},
		Columns: []Column{{Name: "key", Kind: protocol.Text}, {Name: "column", Kind: protocol.Text}},
		Encode:  func(b *protocol.Batch, table string) { b.Text(0).Append(table) },
		Decode: func(rows [][2]string, b *protocol.Batch) {
			for i := range rows {
				rows[i] = [2]string{strings.Clone(b.Text(0).At(i)), strings.Clone(b.Text(1).At(i))}
			}
		},
	}
	rows, err := q.Many(ctx, in.tx, table)
	in.forget(ctx, &q)
	keys := make(map[string][]string)
	for _, row := range rows {
		keys[row[0]] = append(keys[row[0]], row[1])
	}
	wanted := slices.Sorted(slices.Values(in.conflict))
	for _, columns := range keys {
		if slices.Equal(wanted, slices.Sorted(slices.Values(columns))) {
			return true, err
		}
	}
	return false, err
}

// together returns how many rows, from one on and before the end, a statement can have.
// Keys that differ here may be the same to the database, which refuses them then.
func (in *insertion) together(from, end int) int {
	once := in.upserts() && in.c.dialect.Upserts.Once && !in.leaves()
	if !once && !in.unique || end-from == 1 {
		return end - from
	}
	writers := make([]func([]byte, int) []byte, len(in.conflict))
	for i, name := range in.conflict {
		at := slices.IndexFunc(in.columns, func(c Column) bool { return c.Name == name })
		writers[i] = elementWriter(in.set.Columns()[at])
	}
	seen := make(map[string]bool, end-from)
	var key []byte
	for row := from; row < end; row++ {
		key = key[:0]
		for _, write := range writers {
			key = append(write(key, row), ',')
		}
		if seen[string(key)] {
			return row - from
		}
		seen[string(key)] = true
	}
	return end - from
}

// outcome is what may become of the rows of a bulk insert.
type outcome uint8

const (
	allInserted     outcome = iota // or there is an error
	insertedUpdated                // a row with the same values is updated too
	insertedChanged                // unless it has the same values
	insertedLeft                   // a row that is there stays as it is
)

func (in *insertion) outcome() outcome {
	switch {
	case !in.upserts():
		return allInserted
	case in.leaves():
		return insertedLeft
	case in.c.dialect.Upserts.Form == driver.OnDuplicateKey:
		return insertedChanged
	}
	return insertedUpdated
}

// leaves reports whether nothing is updated.
func (in *insertion) leaves() bool {
	if in.update == nil {
		return len(in.conflict) == len(in.columns)
	}
	return len(in.update) == 0
}

// allCounted reports whether each row adds to the count of rows.
func (o outcome) allCounted() bool { return o == allInserted || o == insertedUpdated }

// of says what has become of n rows, of which the database has counted some, or -1
// where it has not.
func (o outcome) of(n, counted int64) BulkResult {
	switch {
	case o == allInserted:
		return BulkResult{Rows: n, Inserted: n}
	case o == insertedUpdated:
		return BulkResult{Rows: n, Inserted: -1, Updated: -1}
	case o == insertedLeft && counted >= 0:
		return BulkResult{Rows: n, Inserted: counted, Unchanged: n - counted}
	case o == insertedLeft:
		return BulkResult{Rows: n, Inserted: -1, Unchanged: -1}
	}
	// Those changed count twice, so that several numbers of them may make the count.
	if least, most := max(counted-n, 0), counted/2; counted >= 0 && least == most {
		return BulkResult{Rows: n, Inserted: counted - 2*most, Updated: most, Unchanged: n - counted + most}
	}
	return BulkResult{Rows: n, Inserted: -1, Updated: -1, Unchanged: -1}
}
