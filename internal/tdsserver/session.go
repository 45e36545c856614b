package tdsserver

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
)

// session is a connection. Its requests are answered one after the other.
type session struct {
	server     *Server
	conn       net.Conn
	out        output
	connected  context.Context
	disconnect func()

	mu         sync.Mutex         // guards the following
	attentions int                // that were read and not answered yet
	interrupt  context.CancelFunc // of the request under way

	// Guarded by the server's mutex; only the session's goroutine changes it.
	state       Session
	transaction uint64 // its descriptor, 0 for none
	began       uint64 // transactions so far
	statements  map[int]statement
	cursors     map[int]*cursor
	handles     int // given so far, to statements and cursors

	// For the session's goroutine.
	undo     undo  // of the transaction
	marks    []int // where it stood at the savepoints
	identity int64 // last number given by an identity column in the scope
	last     int64 // and in any
}

// statement is one that was prepared.
type statement struct{ sql, declared string }

func newSession(server *Server, conn net.Conn) *session {
	connected, cancel := context.WithCancel(context.Background())
	s := &session{server: server, conn: conn, connected: connected, interrupt: func() {}}
	s.out = output{to: conn, size: firstPackets}
	s.disconnect = func() {
		cancel()
		conn.Close()
	}
	s.reset()
	return s
}

// reset makes the session as new.
func (s *session) reset() {
	s.takeBack(0)
	s.state.Isolation, s.state.LockTimeout = "READ COMMITTED", -1
	s.state.Transactions, s.state.Savepoints, s.transaction = 0, nil, 0
	s.state.Settings = map[string]string{}
	s.statements, s.cursors = map[int]statement{}, map[int]*cursor{}
}

func (s *session) serve() {
	defer s.disconnect()
	if s.enter() != nil {
		return
	}
	defer s.takeBack(0)
	defer s.update(func() { s.state.Open, s.state.Transactions, s.state.Savepoints = false, 0, nil })
	messages := make(chan message, 1)
	var reading sync.WaitGroup
	reading.Go(func() { s.read(messages) })
	defer reading.Wait()
	defer s.disconnect()
	for m := range messages {
		if err := s.handle(m); err != nil {
			return
		}
	}
}

// update changes what others read.
func (s *session) update(change func()) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	change()
}

// read reads messages until the connection ends. An attention interrupts the request
// under way, and stands in line like any message.
func (s *session) read(messages chan<- message) {
	defer close(messages)
	defer s.disconnect()
	r := bufio.NewReader(s.conn)
	for {
		m, err := readMessage(r)
		if err != nil {
			return
		}
		if m.status&ignoreMessage != 0 {
			continue
		}
		if m.kind == packetAttention {
			s.mu.Lock()
			s.attentions++
			s.interrupt()
			s.mu.Unlock()
		}
		select {
		case messages <- m:
		case <-s.connected.Done():
			return
		}
	}
}

// begin returns the context of a request, which ends with an attention.
func (s *session) begin() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithCancel(s.connected)
	s.interrupt()
	s.interrupt = cancel
	if s.attentions > 0 {
		cancel()
	}
	return ctx
}

// handle answers a message. With an error the connection is of no use.
func (s *session) handle(m message) error {
	if m.status&(resetSession|resetKeepingTx) != 0 {
		s.update(s.reset)
	}
	in := &input{data: m.data}
	switch m.kind {
	case packetAttention:
		s.attend()
	case packetBatch:
		transaction := in.headers()
		s.answerAll(s.begin(), transaction, in, s.batch)
	case packetRPC:
		transaction := in.headers()
		s.answerAll(s.begin(), transaction, in, s.procedures)
	case packetTransaction:
		transaction := in.headers()
		s.answerAll(s.begin(), transaction, in, s.manage)
	default:
		return fmt.Errorf("packets of type 0x%02X are not supported", m.kind)
	}
	if in.err != nil {
		return in.err
	}
	return s.out.err
}

// attend says that nothing more comes.
func (s *session) attend() {
	s.server.record(Request{Session: s.state.ID, Kind: Attention})
	s.mu.Lock()
	s.attentions--
	s.mu.Unlock()
	r := &reply{session: s, out: &s.out, last: true}
	r.doneToken(tokenDone, done{status: doneAttention}, 0)
	s.out.end()
}

// answerAll answers what is in a message, if it is for the transaction that there is.
func (s *session) answerAll(ctx context.Context, transaction uint64, in *input, answer func(context.Context, *input)) {
	if in.err != nil {
		return
	}
	if transaction == s.transaction {
		answer(ctx, in)
		return
	}
	r := &reply{session: s, out: &s.out, last: true}
	r.message(Error(3989, "New request is not allowed to start because it should come with valid transaction descriptor."))
	r.done(doneError, 0, 0)
	r.end(nil, nil)
}

// batch runs statements without parameters.
func (s *session) batch(ctx context.Context, in *input) {
	request := &Request{Kind: Batch, SQL: in.text(len(in.data) / 2), Last: true}
	s.run(ctx, request, nil)
}

// run answers a request; handle is the output parameter with the handle of a statement
// or cursor. It reports whether it was not interrupted.
func (s *session) run(ctx context.Context, request *Request, handle *Param) bool {
	request.Session = s.state.ID
	s.server.record(*request)
	r := &reply{session: s, out: &s.out, inProc: request.Kind != Batch, last: request.Last}
	leave := s.scope(request)
	for _, a := range s.answers(request) {
		if !a.give(ctx, r) {
			return false
		}
	}
	leave(r)
	if ctx.Err() != nil {
		return false
	}
	r.end(request.outParams(), handle)
	return true
}

// scope returns what takes back the settings and the database that a statement chooses
// which is carried by a procedure. Nor is the number that it gave a row that of
// SCOPE_IDENTITY in the next one.
func (s *session) scope(request *Request) (leave func(*reply)) {
	if request.Kind != Execute {
		return func(*reply) {}
	}
	before, identity := s.state, s.identity
	before.Settings = maps.Clone(before.Settings)
	s.identity = 0
	return func(r *reply) {
		s.identity = identity
		if now := s.state.Database; now != before.Database {
			r.changed(changeDatabase, before.Database, now)
		}
		s.update(func() {
			s.state.Database, s.state.Isolation = before.Database, before.Isolation
			s.state.LockTimeout, s.state.Settings = before.LockTimeout, before.Settings
		})
	}
}

// outParams are the parameters whose values the client gets back.
func (r *Request) outParams() []Param {
	if r.Kind == Procedure || r.Kind == Execute {
		return r.Params
	}
	return nil
}

// answers returns what the script says, or else what the server knows by itself.
func (s *session) answers(r *Request) []Answer {
	if answers, _, ok := s.server.find(r); ok {
		return checked(answers)
	}
	if answers, ok := s.known(r); ok {
		return answers
	}
	if r.Kind == Procedure {
		return []Answer{Message{Number: 2812, State: 62, Class: 16, Text: "Could not find stored procedure '" + r.SQL + "'."}}
	}
	return []Answer{Error(50000, fmt.Sprintf("the script has no answer to %.500q", r.SQL))}
}

func checked(answers []Answer) []Answer {
	for _, a := range answers {
		if err := a.check(); err != nil {
			return []Answer{Error(50000, err.Error())}
		}
	}
	return answers
}

// manage does what a client asks of the transaction manager.
func (s *session) manage(_ context.Context, in *input) {
	r := &reply{session: s, out: &s.out, last: true}
	m := in.management()
	if in.err != nil {
		return
	}
	s.server.record(Request{Session: s.state.ID, Kind: Transaction, SQL: m.String(), Last: true})
	switch m.what {
	case manageBegin:
		s.setIsolation(m.isolation)
		s.beginTransaction(r)
	case manageCommit:
		s.commit(r)
	case manageRollback:
		s.rollback(r, m.name)
	case manageSave:
		s.save(r, m.name)
	}
	if m.again && r.held == nil { // and nothing has failed
		s.setIsolation(m.isolation)
		s.beginTransaction(r)
	}
	r.end(nil, nil)
}

// The requests to the transaction manager.
const (
	manageBegin    = 5
	manageCommit   = 7
	manageRollback = 8
	manageSave     = 9
)

// management is a request to the transaction manager.
type management struct {
	what      uint16
	name      string
	again     bool // another transaction begins at once
	isolation byte
}

func (in *input) management() management {
	m := management{what: in.u16()}
	name := func() string { return fromUTF16(in.take(int(in.u8()))) }
	switch m.what {
	case manageBegin:
		m.isolation = in.u8()
		m.name = name()
	case manageCommit, manageRollback:
		m.name = name()
		if m.again = in.u8()&1 != 0; m.again {
			m.isolation = in.u8()
			name()
		}
	case manageSave:
		m.name = name()
	default:
		in.fail(fmt.Errorf("request %d to the transaction manager is not supported", m.what))
	}
	return m
}

// String is what the request is in SQL.
func (m management) String() string {
	verb := map[uint16]string{
		manageBegin: "BEGIN", manageCommit: "COMMIT", manageRollback: "ROLLBACK", manageSave: "SAVE",
	}[m.what]
	text := verb + " TRANSACTION"
	if m.name != "" {
		text += " " + m.name
	}
	if m.again {
		text += "; BEGIN TRANSACTION"
	}
	return text
}

func (s *session) inTransaction() bool { return s.state.Transactions > 0 }

func (s *session) beginTransaction(r *reply) {
	s.update(func() { s.state.Transactions++ })
	if s.state.Transactions > 1 {
		return
	}
	s.began++
	s.transaction = uint64(s.state.ID)<<32 | s.began
	r.changedBytes(changeBegin, s.descriptor(), nil)
}

func (s *session) descriptor() []byte { return binary.LittleEndian.AppendUint64(nil, s.transaction) }

func (s *session) commit(r *reply) {
	switch {
	case !s.inTransaction():
		s.refuse(r, Error(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."))
	case s.state.Transactions > 1:
		s.update(func() { s.state.Transactions-- })
	default:
		s.endTransaction(r, changeCommit)
	}
}

// rollback ends the transaction, or undoes what was done behind a savepoint.
func (s *session) rollback(r *reply, savepoint string) {
	if !s.inTransaction() {
		s.refuse(r, Error(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."))
		return
	}
	if savepoint == "" {
		s.endTransaction(r, changeRollback)
		return
	}
	for i, name := range slices.Backward(s.state.Savepoints) {
		if name == savepoint {
			s.update(func() { s.state.Savepoints = s.state.Savepoints[:i+1] })
			s.takeBack(s.marks[i])
			s.marks = s.marks[:i+1]
			return
		}
	}
	s.refuse(r, Error(6401, "Cannot roll back "+savepoint+". No transaction or savepoint of that name was found."))
}

func (s *session) endTransaction(r *reply, how byte) {
	was := s.descriptor()
	if how == changeRollback {
		s.takeBack(0)
	}
	s.undo, s.marks = nil, nil
	s.update(func() { s.state.Transactions, s.state.Savepoints, s.transaction = 0, nil, 0 })
	r.changedBytes(how, nil, was)
}

// takeBack takes back what the transaction has stored since its undo had n steps.
func (s *session) takeBack(n int) {
	s.server.storing.Lock()
	defer s.server.storing.Unlock()
	s.undo.to(n)
}

func (s *session) save(r *reply, name string) {
	if !s.inTransaction() {
		s.refuse(r, Error(628, "Cannot issue SAVE TRANSACTION when there is no active transaction."))
		return
	}
	s.update(func() { s.state.Savepoints = append(s.state.Savepoints, name) })
	s.marks = append(s.marks, len(s.undo))
}

func (s *session) refuse(r *reply, m Message) { m.give(s.connected, r) }

// failed ends the transaction where an error does that.
func (s *session) failed(r *reply, m Message) {
	victim := m.Number == 1205 || m.Number == 3960
	if s.inTransaction() && (victim || s.state.Settings["XACT_ABORT"] == "ON") {
		s.endTransaction(r, changeRollback)
	}
}

// isolations are the isolation levels by their numbers.
var isolations = []string{"", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT"}

// setIsolation takes the number that the transaction manager has for a level, 0 for none.
func (s *session) setIsolation(level byte) {
	if level > 0 && int(level) < len(isolations) {
		s.update(func() { s.state.Isolation = isolations[level] })
	}
}
