package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// phase is a point at which a call may hang, and how to get there.
type phase struct {
	op   fakedriver.Op
	when func(*fakedriver.Call) bool // nil for the first call of op
	call func(ctx context.Context, d *fakedriver.Driver, db *runtime.DB) error
	done bool // the call may have done what it was to do
}

// phases are those that SQLCancel ends, or that end without it.
var phases = map[string]phase{
	"dial": {
		op: fakedriver.Connect,
		call: func(ctx context.Context, d *fakedriver.Driver, _ *runtime.DB) error {
			db, err := runtime.Open(ctx, d.DSN())
			if err == nil {
				db.Close()
			}
			return err
		},
	},
	"validate": {op: fakedriver.GetAttribute, call: execOne},
	"prepare":  {op: fakedriver.Prepare, call: execOne},
	"execute":  {op: fakedriver.Execute, call: execOne},
	"execute directly": {
		op: fakedriver.ExecuteDirectly,
		call: func(ctx context.Context, _ *fakedriver.Driver, db *runtime.DB) error {
			return db.InTx(context.Background(), func(tx *runtime.Tx) error { return tx.InTx(ctx, func(*runtime.Tx) error { return nil }) })
		},
	},
	"first fetch":  {op: fakedriver.Fetch, call: readMany},
	"second fetch": {op: fakedriver.Fetch, when: func(c *fakedriver.Call) bool { return fetches.Add(1) == 2 }, call: readMany},
	"next result": {
		op: fakedriver.MoreResults,
		call: func(ctx context.Context, _ *fakedriver.Driver, db *runtime.DB) error {
			_, err := setsOf(part("CALL hang", doneSet, removedSet)).Run(ctx, db, 0)
			return err
		},
	},
	"commit":    {op: fakedriver.EndTransaction, when: completes(commit), call: inTx(nil)},
	"roll back": {op: fakedriver.EndTransaction, when: completes(rollback), call: inTx(errOurs), done: true},
	"close": {
		op: fakedriver.Close,
		call: func(ctx context.Context, _ *fakedriver.Driver, db *runtime.DB) error {
			for _, err := range ints("Hang", "SELECT n FROM hang").Stream(ctx, db, 0) {
				return err
			}
			return nil
		},
		done: true,
	},
}

var fetches atomic.Int32

// Completions of EndTransaction.
const (
	commit   = 0
	rollback = 1
)

func completes(completion int64) func(*fakedriver.Call) bool {
	return func(c *fakedriver.Call) bool { return c.Attribute == completion }
}

// inTx is a transaction whose function returns failure.
func inTx(failure error) func(context.Context, *fakedriver.Driver, *runtime.DB) error {
	return func(ctx context.Context, _ *fakedriver.Driver, db *runtime.DB) error {
		return db.InTx(ctx, func(*runtime.Tx) error { return failure })
	}
}

func execOne(ctx context.Context, _ *fakedriver.Driver, db *runtime.DB) error {
	return statement("Hang", "UPDATE t SET hang = 1").Exec(ctx, db, runtime.None{})
}

func readMany(ctx context.Context, _ *fakedriver.Driver, db *runtime.DB) error {
	_, err := ints("Hang", "SELECT n FROM hang").Many(ctx, db, 0)
	return err
}

// TestF10_Cancelled: a context that ends while a call hangs ends the call within 100 ms,
// with its own error, and leaves nothing behind. SQLCancel ends what hangs here.
func TestF10_Cancelled(t *testing.T) {
	for name, p := range phases {
		for how, end := range endings {
			t.Run(name+" "+how, func(t *testing.T) { p.hang(t, false, (*fakedriver.Driver).DSN, end) })
		}
	}
}

// TestF10_Deaf: nor does the caller wait for what SQLCancel does not end. It ends with
// its link, and where nobody knows that, it is left to itself: the connection is stuck,
// others serve, and all is freed when the driver answers at last.
func TestF10_Deaf(t *testing.T) {
	for link, dsn := range map[string]func(*fakedriver.Driver) string{"found": (*fakedriver.Driver).DSN, "hidden": (*fakedriver.Driver).HiddenDSN} {
		for name, p := range phases {
			t.Run(link+" "+name, func(t *testing.T) { p.hang(t, true, dsn, endings["cancel"]) })
		}
	}
}

// hang has a call hang in the phase until its context has ended.
func (p phase) hang(t *testing.T, deaf bool, dsn func(*fakedriver.Driver) string, end func() (context.Context, context.CancelFunc, error)) {
	d := fakedriver.New(t)
	db := openAt(t, d, dsn(d), runtime.WithPool(runtime.PoolOptions{MaxSize: 1, Check: runtime.CheckAlways, CheckTimeout: time.Second}))
	fetches.Store(0)
	d.SetResult("SELECT n FROM hang", fakedriver.Result{Columns: integer, Rows: rowsOf(slices.Repeat([]int{1}, 200)...)})
	d.SetResult("CALL hang", fakedriver.Result{Next: &fakedriver.Result{}})
	var passed atomic.Bool // one call hangs
	g := d.Wait(&fakedriver.Gate{Op: p.op, Deaf: deaf, When: func(c *fakedriver.Call) bool {
		return (p.when == nil || p.when(c)) && !passed.Swap(true)
	}})
	defer g.Open()
	requireEnds(t, g, end, p.done, func(ctx context.Context) error { return p.call(ctx, d, db) })
	if deaf {
		require.NoError(t, execOne(t.Context(), d, db), "on another connection")
		if dsn(d) == d.HiddenDSN() && p.op != fakedriver.Connect { // that is of another pool
			require.Equal(t, 1, db.Stat().Stuck)
		}
	}
	g.Open()
	require.NoError(t, execOne(t.Context(), d, db), "afterwards")
	require.Eventually(t, func() bool { return db.Stat().Stuck == 0 }, 10*time.Second, time.Millisecond)
}

// TestF10_Bind: a context that ends while parameters are bound, which no driver asks its
// server for, ends the call before it is sent.
func TestF10_Bind(t *testing.T) {
	d := fakedriver.New(t)
	db := openFake(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) { assert.NotEqual(t, fakedriver.Execute, c.Op) })
	q := *ints("Bind", "SELECT ?")
	q.Encode = func(b *protocol.Batch, n int64) {
		encodeInt64(b, n)
		cancel()
	}
	_, err := q.One(ctx, db, 1)
	require.ErrorIs(t, err, context.Canceled)
	d.Script(nil)
}

// endings are the ways in which a context ends after a call has reached its gate.
var endings = map[string]func() (context.Context, context.CancelFunc, error){
	"cancel": func() (context.Context, context.CancelFunc, error) {
		ctx, cancel := context.WithCancel(context.Background())
		return ctx, cancel, context.Canceled
	},
	"deadline": func() (context.Context, context.CancelFunc, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		context.AfterFunc(ctx, cancel)
		return ctx, func() {}, context.DeadlineExceeded
	},
	"both": func() (context.Context, context.CancelFunc, error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		return ctx, cancel, context.Canceled
	},
}

// requireEnds checks that a call which hangs at the gate ends soon after its context,
// with its error unless all was done.
func requireEnds(t *testing.T, g *fakedriver.Gate, end func() (context.Context, context.CancelFunc, error), done bool, call func(context.Context) error) {
	t.Helper()
	ctx, cancel, want := end()
	defer cancel()
	returned := make(chan error, 1)
	go func() { returned <- call(ctx) }()
	select {
	case <-g.Reached():
	case err := <-returned:
		require.Fail(t, "the call did not hang", "%v", err)
	}
	cancel()
	<-ctx.Done()
	ended := time.Now()
	select {
	case err := <-returned:
		if !done {
			require.ErrorIs(t, err, want)
			var e *runtime.Error
			require.ErrorAs(t, err, &e)
			require.False(t, runtime.IsRetryable(err))
		}
		require.Less(t, time.Since(ended), 100*time.Millisecond+slack)
	case <-time.After(10 * time.Second):
		require.Fail(t, "the call outlives its context by 10 s")
	}
}

// slack is for a machine that has other things to do.
const slack = 400 * time.Millisecond

// TestF10_Queue: a caller that waits for a connection goes when its context ends.
func TestF10_Queue(t *testing.T) {
	for how, end := range endings {
		t.Run(how, func(t *testing.T) {
			d := fakedriver.New(t)
			db := openFake(t, d)
			held, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer held.Close()
			ctx, cancel, want := end()
			cancel()
			<-ctx.Done()
			started := time.Now()
			require.ErrorIs(t, execOne(ctx, d, db), want)
			require.Less(t, time.Since(started), 100*time.Millisecond+slack)
		})
	}
}

// TestF11_CancelBeforeStart: a cancel that comes before the database has begun with the
// statement is lost; it is sent again until the call returns.
func TestF11_CancelBeforeStart(t *testing.T) {
	d := fakedriver.New(t)
	db := openFake(t, d)
	g := d.Wait(&fakedriver.Gate{Op: fakedriver.Execute, DeafTo: 3})
	defer g.Open()
	requireEnds(t, g, endings["cancel"], false, func(ctx context.Context) error { return execOne(ctx, d, db) })
}

// TestF12_CancelledSuccess: a cancelled call that reports success has failed all the
// same: what it gives may be anything.
func TestF12_CancelledSuccess(t *testing.T) {
	d := fakedriver.New(t)
	db := openFake(t, d)
	g := d.Wait(&fakedriver.Gate{Op: fakedriver.Fetch, Cancelled: func(a *fakedriver.Answer) { a.Rows, a.Fetched = [][]any{{0}}, 1 }})
	defer g.Open()
	requireEnds(t, g, endings["cancel"], false, func(ctx context.Context) error { return readMany(ctx, d, db) })
}

// TestF36_NothingLeaks: after many calls that fail at random, are left by a panic or by
// breaking off, the driver has no handle that the pool does not keep.
func TestF36_NothingLeaks(t *testing.T) {
	const callers = 8
	each := 2500
	if testing.Short() {
		each = 800
	}
	d := fakedriver.New(t)
	db := openFake(t, d, runtime.WithPoolSize(4))
	d.SetResult("SELECT n FROM many", fakedriver.Result{Columns: integer, Rows: rowsOf(slices.Repeat([]int{1}, 300)...)})
	d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
		states := []string{"40001", "08S01", "HY000", "23505", "HYT00", "57014"}
		switch c.Op {
		case fakedriver.Free, fakedriver.Connect, fakedriver.Disconnect, fakedriver.GetAttribute, fakedriver.GetInfo:
			return
		}
		if rand.IntN(40) == 0 {
			a.Fail(states[rand.IntN(len(states))], 0, "at random")
		}
	})
	var working sync.WaitGroup
	for range callers {
		working.Go(func() {
			for range each {
				work(db)
			}
		})
	}
	working.Wait()
	d.Script(nil)
	requireGivenBack(t, db)
}

// work is one call of some kind, whose failure does not matter.
func work(db *runtime.DB) {
	ctx := context.Background()
	switch rand.IntN(5) {
	case 0:
		_ = execOne(ctx, nil, db)
	case 1:
		for range ints("Many", "SELECT n FROM many").Stream(ctx, db, 0) {
			break
		}
	case 2:
		defer func() { _ = recover() }()
		for range ints("Panic", "SELECT n FROM many").Stream(ctx, db, 0) {
			panic("in the loop")
		}
	case 3:
		defer func() { _ = recover() }()
		_ = db.InTx(ctx, func(tx *runtime.Tx) error {
			_ = statement("InTx", "UPDATE t SET n = 3").Exec(ctx, tx, runtime.None{})
			if rand.IntN(2) == 0 {
				panic("in the transaction")
			}
			return errOurs
		})
	case 4:
		_, _ = ints("One", "SELECT ?").One(ctx, db, 1)
	}
}

// TestF38_Crash: a driver that crashes takes its process along, which no code in that
// process can prevent; the test, which started the process, goes on.
func TestF38_Crash(t *testing.T) {
	const dsnOfParent = "ODBCGEN_TEST_CRASH"
	if dsn := os.Getenv(dsnOfParent); dsn != "" {
		defer func() { _ = recover() }()
		db, err := runtime.Open(t.Context(), dsn)
		require.NoError(t, err)
		_, _ = ints("Crash", "SELECT crash").One(t.Context(), db, 0)
		os.Exit(0) // it did not
	}
	d := fakedriver.New(t)
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.Command(self, "-test.run=^TestF38_Crash$")
	child.Env = append(os.Environ(), dsnOfParent+"="+d.DSN())
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	require.Contains(t, string(out), "SIGSEGV")
	whole := fakedriver.New(t)
	require.NoError(t, execOne(t.Context(), whole, openFake(t, whole)))
}

// TestF39_Returns: a call that answers what it must not is an error that is read within
// bounds, after which the connection is not used again.
func TestF39_Returns(t *testing.T) {
	for name, broken := range map[string]fakedriver.Answer{
		"invalid handle":         {Return: fakedriver.InvalidHandle},
		"no record":              {Return: fakedriver.Error},
		"records without end":    {Return: fakedriver.Error, Records: []fakedriver.Record{{State: "HY000", Message: "again"}}, Repeats: 1000},
		"a code that is none":    {Return: 77},
		"a state that is none":   {Return: fakedriver.Error, Records: []fakedriver.Record{{State: "?", Native: 1 << 30, Message: "\xff\xfe"}}},
		"a message of 20,000":    {Return: fakedriver.Error, Records: []fakedriver.Record{{State: "HY000", Message: string(make([]byte, 20_000))}}},
		"half a character split": {Return: fakedriver.Error, Records: []fakedriver.Record{{State: "HY000", Message: "\xc3"}, {State: "HY000", Message: "\xa4"}}},
	} {
		for _, op := range []fakedriver.Op{fakedriver.Prepare, fakedriver.Execute, fakedriver.Fetch, fakedriver.EndTransaction} {
			t.Run(fmt.Sprint(name, " ", op), func(t *testing.T) {
				d := fakedriver.New(t)
				db := openFake(t, d)
				before := connectionOf(t, d, db)
				d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
					if c.Op == op && c.Attribute == 0 {
						a.Return, a.Records, a.Repeats = broken.Return, broken.Records, broken.Repeats
					}
				})
				err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
					_, err := ints("Broken", "SELECT n FROM broken").Many(t.Context(), tx, 0)
					return err
				})
				d.Script(nil)
				var e *runtime.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, runtime.Fatal, e.Category)
				require.LessOrEqual(t, len(e.Diagnostics), 64)
				require.False(t, runtime.IsRetryable(err))
				require.NotEqual(t, before, connectionOf(t, d, db), "the connection is used again")
			})
		}
	}
}

// TestF39_StillExecuting: a call that the driver says to go on by itself, which nobody
// asked it to, is made again until it ends, be it by its context.
func TestF39_StillExecuting(t *testing.T) {
	for _, op := range []fakedriver.Op{fakedriver.Prepare, fakedriver.Execute, fakedriver.EndTransaction} {
		t.Run(fmt.Sprint(op), func(t *testing.T) {
			d := fakedriver.New(t)
			db := openFake(t, d)
			var calls, cancels atomic.Int32
			var endless atomic.Bool // until it is cancelled
			d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
				switch {
				case c.Op == fakedriver.Cancel:
					cancels.Add(1)
				case c.Op != op || c.Attribute != commit:
				case cancels.Load() > 0:
					a.Fail("HY008", 0, "operation canceled")
				case calls.Add(1) <= 3 || endless.Load():
					a.Return = fakedriver.StillExecuting
				}
			})
			write := func(ctx context.Context) error {
				return db.InTx(ctx, func(tx *runtime.Tx) error {
					return statement("Write", "UPDATE t SET n = 1").Exec(ctx, tx, runtime.None{})
				})
			}
			require.NoError(t, write(t.Context()))
			require.GreaterOrEqual(t, calls.Load(), int32(4))
			if op != fakedriver.Execute {
				return
			}
			endless.Store(true)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, write(ctx), context.DeadlineExceeded)
			d.Script(nil)
			require.NoError(t, write(t.Context()))
		})
	}
}

// TestF39_RowsFetched: a driver that tells of more rows than were asked for, or of fewer
// than none, is not believed.
func TestF39_RowsFetched(t *testing.T) {
	for _, told := range []int64{1 << 40, 100_000, -5} {
		onReadings(t, func(t *testing.T, d *fakedriver.Driver, db *runtime.DB) {
			if db.Plugin().Reads.How == driver.CellByCell || db.Plugin().Reads.How == driver.RowByRow {
				return // which fetch one row a call, and do not ask for the number
			}
			d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
				if c.Op == fakedriver.Fetch && a.Fetched > 0 {
					a.Fetched = told
				}
			})
			d.SetResult(readText, fakedriver.Result{Columns: text, Rows: rowsOf("a", "b")})
			_, err := words("Read", readText).Many(t.Context(), db, runtime.None{})
			d.Script(nil)
			var e *runtime.Error
			require.ErrorAs(t, err, &e)
		})
	}
}

// withArrays is a database with parameter arrays.
func withArrays(rows int) *driver.Plugin {
	p := driver.Generic
	p.Bulk = driver.Bulk{Strategy: driver.BulkArrays, Rows: rows}
	return &p
}

// TestF42_BulkRows: a bulk insert of which rows are bad names the first of them and
// stores none, with and without parameter arrays, whatever the driver says of the
// states of the rows.
func TestF42_BulkRows(t *testing.T) {
	const rows = 1000
	insert := runtime.Bulk[int64]{
		Name: "Insert", Table: "t", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64,
	}
	for _, array := range []int{1, rows} {
		for status, written := range map[string]int{"error": 5, "unknown": 257, "unused": 7, "unwritten": fakedriver.Unwritten} {
			for _, bad := range [][]int{{0}, {499}, {999}, {0, 499, 999}} {
				t.Run(fmt.Sprint(array, " ", status, " ", bad), func(t *testing.T) {
					d := fakedriver.New(t)
					db := openFake(t, d, runtime.WithPlugin(withArrays(array)))
					d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
						if c.Op == fakedriver.Execute {
							failRows(c, a, bad, written)
						}
					})
					result, err := insert.Insert(t.Context(), db, numbersSeq(rows))
					d.Script(nil)
					require.Zero(t, result.Rows)
					requireError(t, err, runtime.Error{Query: "Insert", Op: "execute", Row: int64(bad[0]) + 1})
					require.NoError(t, execOne(t.Context(), d, db))
				})
			}
		}
	}
}

// failRows fails the rows of a parameter array whose numbers are bad, as drivers with
// arrays do: the others are stored. One row alone fails as a statement.
func failRows(c *fakedriver.Call, a *fakedriver.Answer, bad []int, status int) {
	for i, row := range c.Params {
		if slices.Contains(bad, row[0].(int)) {
			a.Fail("23505", 0, "there already")
			a.Status[i] = status
		}
	}
}

func numbersSeq(n int) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range n {
			if !yield(int64(i)) {
				return
			}
		}
	}
}

// TestF42_Broken: an array that the driver calls a success and has not gone through is
// none.
func TestF42_Broken(t *testing.T) {
	insert := runtime.Bulk[int64]{
		Name: "Insert", Table: "t", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64,
	}
	for name, breakOff := range map[string]func(*fakedriver.Answer){
		"rows missing": func(a *fakedriver.Answer) { a.Return, a.Processed = fakedriver.SuccessWithInfo, 400 },
		"a bad status": func(a *fakedriver.Answer) { a.Return, a.Status[3] = fakedriver.SuccessWithInfo, 5 },
		"status 257":   func(a *fakedriver.Answer) { a.Status[999] = 257 },
	} {
		t.Run(name, func(t *testing.T) {
			d := fakedriver.New(t)
			db := openFake(t, d, runtime.WithPlugin(withArrays(1000)))
			d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
				if c.Op == fakedriver.Execute && len(c.Params) == 1000 {
					breakOff(a)
				}
			})
			_, err := insert.Insert(t.Context(), db, numbersSeq(1000))
			d.Script(nil)
			var e *runtime.Error
			require.True(t, errors.As(err, &e), "%v", err)
		})
	}
}
