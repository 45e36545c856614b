// Package fakedriver is an ODBC driver that does on demand what no real one does.
// Tests load it through the real driver manager. It has no database behind it but the
// test's process, which answers each call that the driver gets, be it from another
// process.
package fakedriver

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Build makes a driver for a test, and returns an ODBC connection string for it. It
// does what a new Driver does: see New.
func Build(t testing.TB) string { return New(t).DSN() }

// Driver is the driver of one test. It is safe for concurrent use.
//
// By itself it is a database of which each statement succeeds. What begins with SELECT
// or WITH gives one row with one column, n, an INTEGER that is never NULL; what else
// there is changes as many rows as it is given. A statement with the word crash in its
// text ends the process that prepares it.
type Driver struct {
	listener net.Listener
	library  string
	closed   chan struct{}

	mu          sync.Mutex // guards the following
	dbms        string
	results     map[string]*Result
	script      func(*Call, *Answer)
	gates       []*Gate
	connections map[int64]bool
	statements  map[int64]*statement
}

// statement is what the database knows of a statement.
type statement struct {
	connection int64
	sql        string
	result     *Result // the one that is read, nil for none
	at, from   int     // rows fetched, and those before the block
	block      [][]any // fetched last
	read       map[[2]int]*reading
	told       map[[2]int]int // how often the length of a cell was told, by row and column
	cancels    chan struct{}  // has one for each SQLCancel while a call waits
}

// reading is how far a cell has been read by SQLGetData.
type reading struct{ bytes, times int }

// New builds the driver for a test, and begins to answer its calls.
func New(t testing.TB) *Driver {
	t.Helper()
	library, err := build()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &Driver{
		listener: listener, library: library, closed: make(chan struct{}), dbms: "Fake", results: map[string]*Result{},
		connections: map[int64]bool{}, statements: map[int64]*statement{},
	}
	var serving sync.WaitGroup
	serving.Go(func() { d.accept(&serving) })
	t.Cleanup(func() {
		close(d.closed)
		listener.Close()
		serving.Wait()
	})
	return d
}

//go:embed testdata/driver.c
var source []byte

// compile makes the driver. Its calls of its own functions are not to be the driver
// manager's, which have the same names.
var compile = []string{"gcc", "-shared", "-fPIC", "-O1", "-Wl,-Bsymbolic", "-pthread"}

// build compiles the driver, once for all processes, and returns where it is.
var build = sync.OnceValues(func() (string, error) {
	library := filepath.Join(os.TempDir(), fmt.Sprintf("odbcgen-fake-%x.so", sha256.Sum256(append(source, strings.Join(compile, " ")...))))
	if _, err := os.Stat(library); err == nil {
		return library, nil
	}
	folder, err := os.MkdirTemp("", "odbcgen-fake-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	from, to := filepath.Join(folder, "driver.c"), filepath.Join(folder, "libfake.so")
	if err := os.WriteFile(from, source, 0o644); err != nil {
		return "", err
	}
	if out, err := exec.Command(compile[0], append(compile[1:], "-o", to, from)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("gcc: %v\n%s", err, out)
	}
	return library, os.Rename(to, library)
})

// DSN returns the connection string.
func (d *Driver) DSN() string { return "Driver=" + d.library + ";Fake=" + d.listener.Addr().String() }

// HiddenDSN returns a connection string for connections whose links the runtime does not
// find, so that it cannot end a call by shutting its link down.
func (d *Driver) HiddenDSN() string { return d.DSN() + ";Polled=1" }

// SetDBMS sets what the database calls itself on connections that are made from now on.
func (d *Driver) SetDBMS(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dbms = name
}

// SetResult sets what a statement gives that is prepared from now on.
func (d *Driver) SetResult(sql string, r Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.results[sql] = &r
}

// Script sets what has the last word on each answer, nil for nothing. It may be called
// by several connections at once.
func (d *Driver) Script(script func(*Call, *Answer)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.script = script
}

// Fail makes all calls of op fail with the records, from now on and instead of what
// Script said.
func (d *Driver) Fail(op Op, records ...Record) {
	d.Script(func(c *Call, a *Answer) {
		if c.Op == op {
			a.Return, a.Records = Error, records
		}
	})
}

// Live returns the connections and statements that are allocated in the driver.
func (d *Driver) Live() (connections, statements int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.connections), len(d.statements)
}

// Gate is where calls wait.
type Gate struct {
	Op   Op
	When func(*Call) bool // which of them; nil for all
	// Deaf says that a call that waits cannot be cancelled, DeafTo how many SQLCancel go
	// by before one is heard.
	Deaf   bool
	DeafTo int
	// Cancelled is what a call answers that was cancelled, nil for HY008.
	Cancelled func(*Answer)

	reached chan *Call
	open    chan struct{}
	opened  sync.Once
}

// Wait makes calls wait at a gate from now on.
func (d *Driver) Wait(g *Gate) *Gate {
	g.reached, g.open = make(chan *Call, 1024), make(chan struct{})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gates = append(d.gates, g)
	return g
}

// Reached gives the calls that have come to the gate.
func (g *Gate) Reached() <-chan *Call { return g.reached }

// Open lets all calls pass, those that wait and those to come.
func (g *Gate) Open() { g.opened.Do(func() { close(g.open) }) }

// pass waits until the call may go on, and reports whether it was cancelled.
func (g *Gate) pass(d *Driver, c *Call) (cancelled bool) {
	select {
	case <-g.open:
		return false
	default:
	}
	g.reached <- c
	for deaf := g.DeafTo; ; deaf-- {
		select {
		case <-g.open:
			return false
		case <-d.closed:
			return false
		case <-c.cancels:
			if !g.Deaf && deaf <= 0 {
				return true
			}
		}
	}
}

// gateOf returns the gate of a call, nil for none.
func (d *Driver) gateOf(c *Call) *Gate {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, g := range d.gates {
		if g.Op == c.Op && (g.When == nil || g.When(c)) {
			return g
		}
	}
	return nil
}

// answer answers a call.
func (d *Driver) answer(c *Call) *Answer {
	if g := d.gateOf(c); g != nil && g.pass(d, c) {
		a := &Answer{}
		if g.Cancelled != nil {
			g.Cancelled(a)
		} else {
			a.Fail("HY008", 0, "operation canceled")
		}
		return a
	}
	d.mu.Lock()
	a := d.byItself(c)
	script := d.script
	d.mu.Unlock()
	if script != nil {
		script(c, a)
	}
	if c.Op == Alloc && a.Return == Error {
		d.mu.Lock()
		d.free(c)
		d.mu.Unlock()
	}
	return a
}

// byItself answers a call as a database does in which nothing goes wrong. d.mu must be
// held.
func (d *Driver) byItself(c *Call) *Answer {
	a := &Answer{}
	s := d.statements[c.Stmt]
	if s == nil && c.Stmt != 0 && c.Op != Alloc && c.Op != Free { // its link was cut while the call waited
		a.Fail("HY000", 0, "the statement has been freed")
		return a
	}
	switch c.Op {
	case Connect:
		d.connections[c.Conn] = true
	case Alloc:
		d.statements[c.Stmt] = &statement{connection: c.Conn, cancels: make(chan struct{}, 1024)}
	case Free:
		d.free(c)
	case GetInfo:
		d.info(c, a)
	case Prepare, ExecuteDirectly:
		d.prepare(s, c, a)
	case Execute:
		d.execute(s, c, a)
	case Fetch:
		s.fetch(c, a)
	case MoreResults:
		s.next(a)
	case Cancel:
		s.cancel()
	case Close:
		s.result = nil
	}
	return a
}

func (d *Driver) free(c *Call) {
	if c.Stmt != 0 {
		delete(d.statements, c.Stmt)
		return
	}
	delete(d.connections, c.Conn)
}

// Information types of SQLGetInfo, which the driver manager asks for too.
const (
	infoDriverName    = 6
	infoDriverVersion = 7
	infoDBMSName      = 17
	infoDBMSVersion   = 18
	infoQuote         = 29
	infoODBCVersion   = 77
)

func (d *Driver) info(c *Call, a *Answer) {
	texts := map[int64]string{
		infoDBMSName: d.dbms, infoDriverName: "libfake.so", infoDBMSVersion: "01.00.0000", infoDriverVersion: "01.00.0000",
		infoODBCVersion: "03.80", infoQuote: `"`,
	}
	a.Text, a.isText = texts[c.Attribute]
}

// number is the result of statements for which there is no other.
var number = &Result{
	Columns: []Column{{Name: "n", Type: Integer, TypeName: "INTEGER", Size: 10, NotNull: true}},
	Rows:    [][]any{{1}},
}

func (d *Driver) prepare(s *statement, c *Call, a *Answer) {
	a.Crash = strings.Contains(c.SQL, "crash")
	s.sql, s.result = c.SQL, d.resultOf(c.SQL)
	s.rewind()
	a.shape(s)
}

func (d *Driver) resultOf(sql string) *Result {
	word, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(sql)), " ")
	switch r, ok := d.results[sql]; {
	case ok:
		return r
	case word == "SELECT" || word == "WITH":
		return number
	}
	return &Result{}
}

func (d *Driver) execute(s *statement, c *Call, a *Answer) {
	s.result = d.resultOf(s.sql)
	s.rewind()
	a.shape(s)
	a.Processed, a.RowCount = int64(len(c.Params)), int64(max(1, len(c.Params)))
	a.Status = make([]int, len(c.Params))
}

func (s *statement) rewind() {
	s.at, s.from, s.block, s.read, s.told = 0, 0, nil, map[[2]int]*reading{}, map[[2]int]int{}
}

// fetch gives the next block, or that at an absolute place.
func (s *statement) fetch(c *Call, a *Answer) {
	if s.result == nil {
		a.Fail("24000", 0, "invalid cursor state")
		return
	}
	const absolute = 5
	if c.orientation == absolute {
		s.at = int(c.offset) - 1
	}
	from := min(s.at, len(s.result.Rows))
	to := min(from+c.rows, len(s.result.Rows))
	c.Row, s.from = from, from
	a.Rows = slices.Clone(s.result.Rows[from:to])
	a.Fetched = int64(len(a.Rows))
	if len(a.Rows) == 0 {
		a.Return = NoData
	}
	s.at = to
	s.read = map[[2]int]*reading{}
}

func (s *statement) next(a *Answer) {
	if s.result == nil || s.result.Next == nil {
		a.Return = NoData
		return
	}
	s.result = s.result.Next
	s.rewind()
	a.shape(s)
}

func (s *statement) cancel() {
	select {
	case s.cancels <- struct{}{}:
	default: // nobody waits
	}
}

// serve answers the calls of one socket. A connection ends with its link.
func (d *Driver) serve(socket net.Conn) {
	var made *Call
	defer func() {
		if made != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			delete(d.connections, made.Conn)
		}
	}()
	for {
		request, err := receive(socket)
		if err != nil {
			return
		}
		c := d.read(request)
		if c.Op == Connect {
			made = c
		}
		a := d.answer(c)
		if send(socket, d.written(c, a)) != nil {
			return
		}
	}
}

func (d *Driver) accept(serving *sync.WaitGroup) {
	for {
		socket, err := d.listener.Accept()
		if err != nil {
			return
		}
		serving.Go(func() {
			done := make(chan struct{})
			go func() {
				select {
				case <-d.closed:
				case <-done:
				}
				socket.Close()
			}()
			d.serve(socket)
			close(done)
		})
	}
}

// Op is a call of ODBC.
type Op string

// The calls that are answered here. The driver has others, which always succeed.
const (
	Connect         Op = "connect" // SQLDriverConnect
	Disconnect      Op = "disconnect"
	GetInfo         Op = "get info"
	SetAttribute    Op = "set attribute" // of a connection, or a statement
	GetAttribute    Op = "get attribute" // of a connection
	EndTransaction  Op = "end transaction"
	Alloc           Op = "alloc" // of a statement
	Free            Op = "free"  // of a statement, or a connection
	Prepare         Op = "prepare"
	ExecuteDirectly Op = "execute directly"
	Execute         Op = "execute"
	Fetch           Op = "fetch" // SQLFetch and SQLFetchScroll
	SetPosition     Op = "set position"
	GetData         Op = "get data"
	MoreResults     Op = "more results"
	Cancel          Op = "cancel"
	Close           Op = "close" // the cursor
)

// Call is a call that the driver got.
type Call struct {
	Op         Op
	Conn, Stmt int64  // their numbers; Stmt is 0 for calls of a connection
	SQL        string // of the statement
	Connection string // the connection string, of Connect
	// Attribute is that of SetAttribute and GetAttribute, the type of GetInfo and the
	// completion of EndTransaction; Value is what an attribute is set to.
	Attribute, Value int64
	Params           [][]any // a row for each of the parameter array, of Execute; nil is NULL
	Row              int     // rows fetched before, of Fetch; that of the block, of GetData
	Column           int     // from 0, of GetData

	orientation, offset int64
	rows                int
	bound               []target
	into                target
	cancels             chan struct{}
}

// target is where a cell is written to.
type target struct {
	column int
	cType  int64
	size   int
}

// Return codes.
const (
	Success         = 0
	SuccessWithInfo = 1
	StillExecuting  = 2
	NoData          = 100
	Error           = -1
	InvalidHandle   = -2
)

// Unwritten is what the driver does not write, of a status, a number of rows processed
// and a number of rows fetched.
const Unwritten = -1

// Record is a diagnostic record.
type Record struct {
	State   string
	Native  int
	Message string
}

// Answer is what a call answers, and writes.
type Answer struct {
	Return  int
	Records []Record
	Repeats int  // how often the last record is given again
	Crash   bool // the process ends with SIGSEGV

	Text      string  // of GetInfo, where it is a text
	Figure    int64   // of GetInfo and GetAttribute
	RowCount  int64   // of Execute, ExecuteDirectly and MoreResults
	Processed int64   // of Execute: the rows of the parameter array
	Status    []int   // and their states
	Fetched   int64   // of Fetch
	Rows      [][]any // and the rows that are written, see Result

	isText bool
	params int
	result *Result
}

// Fail makes the call fail with a diagnostic record.
func (a *Answer) Fail(state string, native int, message string) {
	a.Return, a.Records = Error, []Record{{state, native, message}}
}

func (a *Answer) shape(s *statement) { a.params, a.result = strings.Count(s.sql, "?"), s.result }

// Result is what a statement gives.
type Result struct {
	Columns []Column
	// Rows have a value for each column: nil, int, float64, string, []byte, which is the
	// cell as it lies in memory unless text or bytes are asked for, or *Odd.
	Rows [][]any
	Next *Result // of SQLMoreResults
}

// Column describes a column of a Result.
type Column struct {
	Name, TypeName string
	Type           int // SQL type code
	Size           int
	Digits         int
	NotNull        bool
	Unsigned       bool
}

// SQL type codes.
const (
	Varchar       = 12
	LongVarchar   = -1
	LongVarbinary = -4
	Integer       = 4
	BigInt        = -5
	Double        = 8
	Decimal       = 3
	Date          = 91
	Timestamp     = 93
)

// Odd is a cell of which the driver tells something else than is true.
type Odd struct {
	Value any
	// Lengths are what the driver tells at each reading, the last one at all that
	// follow; without any it tells the truth, as it does where one is Truth.
	Lengths []int64
	Half    bool // only 4 bytes of the indicator are written
}

// Lengths that are none.
const (
	Null    = -1
	NoTotal = -4
	Truth   = math.MinInt64
)

// length returns what is told of a cell of the block whose length is true.
func (s *statement) length(o *Odd, row, column int, true int64) int64 {
	if len(o.Lengths) == 0 {
		return true
	}
	place := [2]int{s.from + row, column}
	length := o.Lengths[min(s.told[place], len(o.Lengths)-1)]
	s.told[place]++
	if length == Truth {
		return true
	}
	return length
}

func oddOf(value any) *Odd {
	if o, ok := value.(*Odd); ok {
		return o
	}
	return &Odd{Value: value}
}

// nameOr returns the type's name, which need not be given.
func (c Column) typeName() string { return cmp.Or(c.TypeName, "TYPE") }
