package runtime

import "github.com/odbcgen/odbcgen/runtime/driver"

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
