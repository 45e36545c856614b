//go:build gms_pure_go

package conformance_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
)

// savepointer gives go-mysql-server the savepoints that its transactions in memory do not
// have: to go back to one, the transaction is rolled back, and what stood before the
// savepoint is executed again.
type savepointer struct {
	mysql.Handler

	mu           sync.Mutex
	transactions map[uint32]*transaction // by connection
}

// transaction is what a connection has executed since the last one ended.
type transaction struct {
	done  []func(context.Context, *mysql.Conn) error
	marks map[string]int // how much was done when the savepoint was made
}

func newSavepointer(h mysql.Handler) (mysql.Handler, error) {
	return &savepointer{Handler: h, transactions: map[uint32]*transaction{}}, nil
}

func (s *savepointer) of(c *mysql.Conn) *transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, ok := s.transactions[c.ConnectionID]
	if !ok {
		tx = &transaction{marks: map[string]int{}}
		s.transactions[c.ConnectionID] = tx
	}
	return tx
}

// ComQuery executes a statement, unless it is about a savepoint.
func (s *savepointer) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	return s.query(ctx, c, query, callback, func() error { return s.Handler.ComQuery(ctx, c, query, callback) })
}

// ComMultiQuery is ComQuery for a text that may have more than one statement.
func (s *savepointer) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) (rest string, err error) {
	err = s.query(ctx, c, query, callback, func() (err error) {
		rest, err = s.Handler.ComMultiQuery(ctx, c, query, callback)
		return err
	})
	return rest, err
}

func (s *savepointer) query(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn, execute func() error) error {
	tx, words := s.of(c), strings.Fields(query)
	name := words[len(words)-1]
	switch first := strings.ToUpper(strings.Join(words[:min(2, len(words))], " ")); {
	case strings.HasPrefix(first, "SAVEPOINT"):
		tx.marks[name] = len(tx.done)
	case first == "ROLLBACK TO":
		if err := s.back(ctx, c, tx, tx.marks[name]); err != nil {
			return err
		}
	case first == "RELEASE SAVEPOINT":
		delete(tx.marks, name)
	default:
		err := execute()
		if err == nil {
			tx.note(query, func(ctx context.Context, c *mysql.Conn) error { return s.Handler.ComQuery(ctx, c, query, forget) })
		}
		return err
	}
	return callback(&sqltypes.Result{}, false)
}

// back goes back to when n statements were done.
func (s *savepointer) back(ctx context.Context, c *mysql.Conn, tx *transaction, n int) error {
	if err := s.Handler.ComQuery(ctx, c, "ROLLBACK", forget); err != nil {
		return err
	}
	tx.done = tx.done[:n]
	for _, again := range tx.done {
		if err := again(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func forget(*sqltypes.Result, bool) error { return nil }

// note takes note of a statement that was executed.
func (tx *transaction) note(query string, again func(context.Context, *mysql.Conn) error) {
	word, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(query)), " ")
	switch {
	case slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "REPLACE"}, word):
		tx.done = append(tx.done, again)
	case slices.Contains([]string{"COMMIT", "ROLLBACK", "BEGIN", "START", "SET"}, word):
		tx.done = nil
		clear(tx.marks)
	}
}

// ComStmtExecute executes a prepared statement.
func (s *savepointer) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepared *mysql.PrepareData, callback func(*sqltypes.Result) error) error {
	err := s.Handler.ComStmtExecute(ctx, c, prepared, callback)
	if err == nil {
		same := *prepared
		same.BindVars = maps.Clone(prepared.BindVars)
		s.of(c).note(prepared.PrepareStmt, func(ctx context.Context, c *mysql.Conn) error {
			return s.Handler.ComStmtExecute(ctx, c, &same, func(*sqltypes.Result) error { return nil })
		})
	}
	return err
}
