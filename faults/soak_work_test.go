package faults_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// caller works on a database of the soak.
type caller struct {
	*soak
	db     *soaked
	choice *rand.Rand
}

// task is a thing that callers do.
type task struct {
	name  string
	often int // in a hundred
	do    func(*caller, context.Context) error
}

var tasks = []task{
	{"look-up", 40, (*caller).lookUp},
	{"stream", 8, (*caller).stream},
	{"insert", 12, (*caller).insert},
	{"bulk insert", 3, (*caller).insertMany},
	{"transaction", 13, (*caller).transfer},
	{"session", 4, (*caller).setSession},
	{"other session", 4, (*caller).lookAtSession},
	{"read long", 4, (*caller).readLong},
	{"write long", 2, (*caller).writeLong},
	{"mistake", 4, (*caller).mistake},
	{"panic in transaction", 2, (*caller).panicInTransaction},
	{"panic in stream", 2, (*caller).panicInStream},
	{"wait", 2, (*caller).wait},
}

// work does one task after the other until ctx ends.
func (c *caller) work(ctx context.Context) {
	for ctx.Err() == nil {
		n := c.choice.IntN(100)
		for _, task := range tasks {
			if n -= task.often; n < 0 {
				c.once(ctx, task)
				break
			}
		}
		c.pause(ctx, time.Duration(c.choice.IntN(8))*time.Millisecond)
	}
}

// pause waits for d, or the end of ctx.
func (s *soak) pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// once does a task, with a context that mostly does not end before.
func (c *caller) once(ctx context.Context, do task) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	var ended atomic.Int64
	began := time.Now()
	stop := context.AfterFunc(ctx, func() { ended.Store(int64(time.Since(began))) })
	err := do.do(c, ctx)
	took := time.Since(began)
	c.note(err)
	if at := ended.Load(); !stop() && at > 0 {
		c.db.late.add(took - time.Duration(at))
	}
	if err == nil && do.name == tasks[0].name && c.db.calmSince(began) {
		c.db.lookUps.add(took)
	}
}

// limited gives the context of a call, which every eighth time ends soon, by its
// deadline or by a cancel.
func (c *caller) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.choice.IntN(8) > 0 {
		return context.WithTimeout(ctx, 20*time.Second)
	}
	soon := time.Duration(c.choice.Int64N(int64(30 * time.Millisecond)))
	if c.choice.IntN(2) == 0 {
		return context.WithTimeout(ctx, soon)
	}
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(soon, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// checkedRow is a row with a checksum of itself.
type checkedRow struct {
	id, sum int64
	body    string
}

func newCheckedRow(choice *rand.Rand, id int64, length int) checkedRow {
	const letters = "abc åß→語🎉"
	from := choice.IntN(5)
	body := letters[:from] + strings.Repeat(letters, length/len(letters)) + fmt.Sprint(choice.Uint64())
	return checkedRow{id, sumOf(id, []byte(body)), body}
}

func sumOf(id int64, body []byte) int64 {
	return int64(crc32.Update(uint32(id), crc32.IEEETable, body))
}

// require checks a row that was read.
func (r checkedRow) require(c *caller, task string) {
	if got := sumOf(r.id, []byte(r.body)); got != r.sum {
		c.Errorf("%s on %s: wrong row %d of %d bytes: checksum %x, want %x", task, c.db.Name, r.id, len(r.body), got, r.sum)
	}
}

// Rows that nobody changes, and rows that are long and are written again and again.
const (
	shortRows = 2000
	longRows  = 8
)

var checkedColumns = []runtime.Column{{Name: "id", Kind: protocol.Int64}, {Name: "crc", Kind: protocol.Int64}, {Name: "body", Kind: protocol.Text}}

var insertShort = &runtime.Bulk[checkedRow]{
	Name: "InsertShort", Table: "short", Columns: checkedColumns, Encode: encodeChecked,
}

var insertLong = &runtime.Bulk[checkedRow]{
	Name: "InsertLong", Table: "long_ones", Columns: checkedColumns, Encode: encodeChecked,
}

func encodeChecked(b *protocol.Batch, r checkedRow) {
	b.Int64(0).Append(r.id)
	b.Int64(1).Append(r.sum)
	b.Text(2).Append(r.body)
}

var shortRow, shortRowsFrom = checkedQuery("ShortRow", "= ?"), checkedQuery("ShortRowsFrom", ">= ? ORDER BY id")

func checkedQuery(name, where string) *runtime.Query[int64, checkedRow] {
	sql := "SELECT id, crc, body FROM short WHERE id " + where
	return &runtime.Query[int64, checkedRow]{
		Name: name, SQL: sql, Params: intParams(sql), Columns: checkedColumns, Encode: encodeInts(sql),
		Decode: func(rows []checkedRow, b *protocol.Batch) {
			id, sum, body := b.Int64(0), b.Int64(1), b.Text(2)
			for i := range rows {
				rows[i] = checkedRow{id.At(i), sum.At(i), body.At(i)}
			}
		},
	}
}

func (c *caller) lookUp(ctx context.Context) error {
	id := c.choice.Int64N(shortRows)
	row, err := shortRow.One(ctx, c.db, id)
	if err == nil {
		if row.require(c, "look-up"); row.id != id {
			c.Errorf("look-up on %s: got row %d, want %d", c.db.Name, row.id, id)
		}
	}
	return err
}

// stream reads rows in order, all that are left or some of them.
func (c *caller) stream(ctx context.Context) error {
	next, end := c.choice.Int64N(shortRows), int64(shortRows)
	if c.choice.IntN(4) == 0 {
		end = next + c.choice.Int64N(end-next)
	}
	for row, err := range shortRowsFrom.Stream(ctx, c.db, next) {
		if err != nil {
			return err
		}
		if row.require(c, "stream"); row.id != next {
			c.Errorf("stream on %s: got row %d, want %d", c.db.Name, row.id, next)
		}
		if next++; next == end {
			return nil
		}
	}
	if next < shortRows {
		c.Errorf("stream on %s: ended without an error before row %d", c.db.Name, next)
	}
	return nil
}

func (c *caller) insert(ctx context.Context) error { return c.db.ledger.insert(ctx, c.db) }

// insertMany inserts rows in chunks, and enters what the report says of them.
func (c *caller) insertMany(ctx context.Context) error {
	n := 1 + c.choice.Int64N(400)
	base := c.db.ledger.last.Add(n) - n
	_, err := insertEntries.Insert(ctx, c.db, numbersBehind(base, n), runtime.BulkChunk(100), runtime.BulkParallel(1+c.choice.IntN(2)))
	var report *runtime.BulkError
	switch {
	case err == nil:
		c.db.ledger.note(nil, numbersOf(runtime.RowRange{First: base + 1, Last: base + n})...)
	case errors.As(err, &report):
		for i := range report.Stored {
			shift(&report.Stored[i], base)
		}
		for i := range report.Failed {
			shift(&report.Failed[i].RowRange, base)
		}
		noteReport(c.db.ledger, report)
	default:
		c.Errorf("bulk insert on %s: no report, but %v", c.db.Name, err)
	}
	return err
}

func numbersBehind(base, n int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range n {
			if !yield(base + i + 1) {
				return
			}
		}
	}
}

func shift(r *runtime.RowRange, by int64) {
	r.First += by
	r.Last += by
}

// soakAccounts are those that money moves between.
const soakAccounts = 8

var errUndone = errors.New("undone")

// transfer moves money, with a row of the ledger, and sometimes with one that is
// undone.
func (c *caller) transfer(ctx context.Context) error {
	from, n := c.choice.Int64N(soakAccounts), c.db.ledger.last.Add(1)
	to := (from + 1 + c.choice.Int64N(soakAccounts-1)) % soakAccounts
	undo := c.choice.IntN(4) == 0
	err := c.db.InTx(ctx, func(tx *runtime.Tx) error {
		if err := take.Exec(ctx, tx, from); err != nil {
			return err
		}
		if undo {
			err := tx.InTx(ctx, func(tx *runtime.Tx) error {
				if err := insertEntry.Exec(ctx, tx, c.db.ledger.last.Add(1)); err != nil {
					return err
				}
				return errUndone
			})
			if err != errUndone {
				return err
			}
		}
		if err := insertEntry.Exec(ctx, tx, n); err != nil {
			return err
		}
		return give.Exec(ctx, tx, to)
	}, c.options()...)
	c.db.ledger.note(err, n)
	return err
}

func (c *caller) options() (all []runtime.TxOption) {
	if c.choice.IntN(3) == 0 {
		all = append(all, runtime.TxIsolation(runtime.Serializable))
	}
	if c.db.engine != nil && c.choice.IntN(4) == 0 {
		all = append(all, runtime.TxLockTimeout(time.Second))
	}
	return all
}

// setSession has a connection alone, and changes a setting that nobody else is to meet.
func (c *caller) setSession(ctx context.Context) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Exec(ctx, c.db.setting.change); err != nil {
		return err
	}
	return c.requireSetting(ctx, conn, c.db.setting.changed)
}

func (c *caller) lookAtSession(ctx context.Context) error {
	return c.requireSetting(ctx, c.db, c.db.setting.before)
}

func (c *caller) requireSetting(ctx context.Context, session runtime.Session, want string) error {
	got, err := c.db.setting.get.One(ctx, session, 0)
	if err == nil && got != want {
		c.Errorf("session on %s: the setting is %q, want %q", c.db.Name, got, want)
	}
	return err
}

// longRow is a long row as it is read.
type longRow struct {
	id, sum int64
	body    io.Reader
}

var readLong = &runtime.Query[int64, longRow]{
	Name: "ReadLong", SQL: "SELECT id, crc, body FROM long_ones WHERE id = ?", Params: intParams("?"),
	Columns: []runtime.Column{checkedColumns[0], checkedColumns[1], {Name: "body", Kind: protocol.Text, Reader: true}},
	Encode:  encodeInts("?"),
	Decode: func(rows []longRow, b *protocol.Batch) {
		for i := range rows {
			rows[i] = longRow{b.Int64(0).At(i), b.Int64(1).At(i), b.Reader(2).At(i)}
		}
	},
}

func (c *caller) readLong(ctx context.Context) error {
	return readLong.ReadOne(ctx, c.db, c.choice.Int64N(longRows), func(r longRow) error {
		body, err := io.ReadAll(r.body)
		if err == nil {
			checkedRow{r.id, r.sum, string(body)}.require(c, "read long")
		}
		return err
	})
}

var writeLong = &runtime.Command[checkedRow]{
	Name: "WriteLong", SQL: "UPDATE long_ones SET crc = ?, body = ? WHERE id = ?",
	Params: []runtime.Param{{Name: "crc", Kind: protocol.Int64}, {Name: "body", Kind: protocol.Text, Reader: true}, {Name: "id", Kind: protocol.Int64}},
	Encode: func(b *protocol.Batch, r checkedRow) {
		b.Int64(0).Append(r.sum)
		b.Reader(1).Append(strings.NewReader(r.body))
		b.Int64(2).Append(r.id)
	},
}

func (c *caller) writeLong(ctx context.Context) error {
	return writeLong.Exec(ctx, c.db, newCheckedRow(c.choice, c.choice.Int64N(longRows), c.choice.IntN(500_000)))
}

// mistakes are statements that fail.
var mistakes = []*runtime.Command[int64]{
	command("Unknown", "INSERT INTO nowhere VALUES (?)"),
	command("Syntax", "INSERT INTO INTO entries VALUES (?)"),
	command("Unique", "INSERT INTO accounts VALUES (?, ?)"),
}

func (c *caller) mistake(ctx context.Context) error {
	m := mistakes[c.choice.IntN(len(mistakes))]
	err := m.Exec(ctx, c.db, 1)
	if err == nil {
		c.Errorf("mistake on %s: %s succeeded", c.db.Name, m.SQL)
	}
	return err
}

// panicInTransaction inserts a row that is not to stay.
func (c *caller) panicInTransaction(ctx context.Context) (err error) {
	defer recovered(&err)
	return c.db.InTx(ctx, func(tx *runtime.Tx) error {
		if err := insertEntry.Exec(ctx, tx, c.db.ledger.last.Add(1)); err != nil {
			return err
		}
		panic(errUndone)
	})
}

func (c *caller) panicInStream(ctx context.Context) (err error) {
	defer recovered(&err)
	for range shortRowsFrom.Stream(ctx, c.db, shortRows/2) {
		panic(errUndone)
	}
	return nil
}

// recovered makes an error of a panic with errUndone.
func recovered(err *error) {
	if p := recover(); p == errUndone {
		*err = errUndone
	} else if p != nil {
		panic(p)
	}
}

// wait runs a statement that takes long, until its context ends.
func (c *caller) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.choice.Int64N(int64(300*time.Millisecond))))
	defer cancel()
	_, err := c.db.endless.One(ctx, c.db, 0)
	if err == nil {
		c.Errorf("wait on %s: it ended without an error", c.db.Name)
	}
	return err
}
