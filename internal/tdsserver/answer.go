package tdsserver

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Answer is a part of what the server answers: Rows, Affected, Message, Status, Out,
// Delay, *Pause or Disconnect. Several follow each other; none at all is the success of
// a statement that changes no rows.
type Answer interface {
	// check finds what cannot be answered.
	check() error
	// give writes the answer, and reports whether the client still waits for more.
	give(ctx context.Context, r *reply) bool
}

// Rows are a result set. Failure ends it instead of the number of its rows, if it is an error.
type Rows struct {
	Columns []Column
	Values  [][]any
	Failure Message
}

// Column is a column of Rows.
type Column struct {
	Name     string
	Type     Type
	NotNull  bool
	Identity bool
	// Schema, Table and Base are the column that it comes from, for
	// sp_describe_first_result_set.
	Schema, Table, Base string
}

func (rows Rows) check() error {
	for i, row := range rows.Values {
		if len(row) != len(rows.Columns) {
			return fmt.Errorf("row %d has %d values for %d columns", i+1, len(row), len(rows.Columns))
		}
		for j, c := range rows.Columns {
			if _, err := c.Type.appendValue(nil, row[j], c.NotNull); err != nil {
				return fmt.Errorf("row %d, column %s: %w", i+1, c.Name, err)
			}
		}
	}
	return nil
}

func (rows Rows) give(ctx context.Context, r *reply) bool {
	r.columns(rows.Columns)
	for _, row := range rows.Values {
		if ctx.Err() != nil {
			return false
		}
		r.row(rows.Columns, row)
	}
	if rows.Failure.failed() {
		return rows.Failure.give(ctx, r)
	}
	r.done(doneCount, commandSelect, len(rows.Values))
	return true
}

// Affected is the number of rows that a statement has changed.
type Affected int

func (n Affected) check() error { return nil }

func (n Affected) give(_ context.Context, r *reply) bool {
	r.done(doneCount, commandInsert, int(n))
	return true
}

// Message is an error, or where its Class is below 11 an information.
//
// Those that a compiler of SQL gives (see [Message.Compiler]) come already when the
// statement is prepared. Deadlocks and update conflicts end the transaction, all errors
// do after SET XACT_ABORT ON. Errors of class 20 and above end the connection.
type Message struct {
	Number    int
	State     byte
	Class     byte
	Text      string
	Procedure string
	Line      int
}

// Error makes a Message of class 16 and state 1.
func Error(number int, text string) Message {
	return Message{Number: number, State: 1, Class: 16, Text: text}
}

// Compiler reports whether the error is one that is found without executing anything.
func (m Message) Compiler() bool {
	switch m.Number {
	case 102, 103, 105, 137, 156, 170, 207, 208, 209, 1060:
		return true
	}
	return false
}

func (m Message) failed() bool { return m.Class > 10 }

func (m Message) check() error { return nil }

func (m Message) give(_ context.Context, r *reply) bool {
	r.message(m)
	if m.failed() && !r.failing() {
		r.session.failed(r, m)
		r.done(doneError, 0, 0)
	}
	if m.Class < fatalClass {
		return true
	}
	r.last = true
	r.end(nil, nil)
	r.session.disconnect()
	return false
}

// fatalClass is the first class of errors that end the connection.
const fatalClass = 20

// Status is what a procedure returns.
type Status int32

func (s Status) check() error { return nil }

func (s Status) give(_ context.Context, r *reply) bool {
	r.status = int32(s)
	return true
}

// Out is the value of an output parameter: of the one with the Name, or without a name
// of the next one.
type Out struct {
	Name  string
	Type  Type
	Value any
}

func (o Out) check() error {
	_, err := o.Type.appendValue(nil, o.Value, false)
	return err
}

func (o Out) give(_ context.Context, r *reply) bool {
	r.outs = append(r.outs, o)
	return true
}

// Delay makes the client wait. What was answered before it is sent.
type Delay time.Duration

func (d Delay) check() error { return nil }

func (d Delay) give(ctx context.Context, r *reply) bool {
	r.flush()
	timer := time.NewTimer(time.Duration(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Pause makes clients wait until Open, or until they want to wait no more. What was
// answered before it is sent.
type Pause struct {
	// Deaf: the server does not notice that the client wants to wait no more.
	Deaf bool

	once    sync.Once
	reached chan struct{}
	open    chan struct{}
	opened  sync.Once
}

func (p *Pause) start() {
	p.once.Do(func() { p.reached, p.open = make(chan struct{}, 1024), make(chan struct{}) })
}

// Reached gives one value for each client that has come to the pause.
func (p *Pause) Reached() <-chan struct{} {
	p.start()
	return p.reached
}

// Open lets all pass, those that wait and those to come.
func (p *Pause) Open() {
	p.start()
	p.opened.Do(func() { close(p.open) })
}

func (p *Pause) check() error { return nil }

func (p *Pause) give(ctx context.Context, r *reply) bool {
	p.start()
	r.flush()
	p.reached <- struct{}{}
	if p.Deaf {
		ctx = r.session.connected
	}
	select {
	case <-p.open:
		return true
	case <-ctx.Done():
		return false
	}
}

// Disconnect closes the connection without a word.
type Disconnect struct{}

func (Disconnect) check() error { return nil }

func (Disconnect) give(_ context.Context, r *reply) bool {
	r.session.disconnect()
	return false
}
