package tdsserver

import (
	"context"
	"errors"
	"fmt"
)

// call is one procedure call of a message.
type call struct {
	name   string
	params []Param
	more   bool // another call follows
}

// procedureNames are the procedures that have numbers.
var procedureNames = map[uint16]string{
	1: "sp_cursor", 2: "sp_cursoropen", 3: "sp_cursorprepare", 4: "sp_cursorexecute", 5: "sp_cursorprepexec",
	6: "sp_cursorunprepare", 7: "sp_cursorfetch", 8: "sp_cursoroption", 9: "sp_cursorclose", 10: "sp_executesql",
	11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 14: "sp_prepexecrpc", 15: "sp_unprepare",
}

// maxParams is the most parameters of a call.
const maxParams = 2100

// The bytes between calls, where the length of a parameter's name would stand.
const (
	nextCall      = 0xFF
	nextNotCalled = 0xFE
	longestName   = 128
)

func (in *input) call() call {
	var c call
	if n := in.u16(); n == 0xFFFF {
		number := in.u16()
		if c.name = procedureNames[number]; c.name == "" && in.err == nil {
			in.fail(fmt.Errorf("no procedure has the number %d", number))
		}
	} else {
		c.name = in.text(int(n))
	}
	in.u16() // options
	for len(in.data) > 0 {
		n := in.u8()
		if n == nextCall || n == nextNotCalled {
			c.more = true
			return c
		}
		if n > longestName || len(c.params) == maxParams+4 {
			in.fail(errors.New("too many parameters, or too long a name"))
			return c
		}
		p := Param{Name: in.text(int(n))}
		status := in.u8()
		p.Out, p.Default = status&1 != 0, status&2 != 0
		var fixed bool
		p.Type, fixed = in.typeInfo()
		p.Value = in.value(p.Type, fixed)
		c.params = append(c.params, p)
	}
	return c
}

// param is a parameter that may not have been sent.
func (c *call) param(i int) Param {
	if i < len(c.params) {
		return c.params[i]
	}
	return Param{}
}

func (c *call) text(i int) string {
	text, _ := c.param(i).Value.(string)
	return text
}

func (c *call) number(i int) int {
	n, _ := c.param(i).Value.(int64)
	return int(n)
}

func (c *call) from(i int) []Param { return c.params[min(i, len(c.params)):] }

// procedures answers the calls of a message in order.
func (s *session) procedures(ctx context.Context, in *input) {
	for set := 0; ; set++ {
		c := in.call()
		if in.err != nil {
			return
		}
		request := &Request{Kind: Execute, By: c.name, Set: set, Last: !c.more}
		if !s.call(ctx, c, request) || !c.more {
			return
		}
	}
}

// call answers a call, and reports whether it was not interrupted.
func (s *session) call(ctx context.Context, c call, r *Request) bool {
	switch c.name {
	case "sp_executesql":
		r.SQL, r.Declared, r.Params = c.text(0), c.text(1), c.from(2)
	case "sp_prepexec":
		r.Declared, r.SQL, r.Params = c.text(1), c.text(2), c.from(3)
		return s.run(ctx, r, s.prepare(r, c.param(0)))
	case "sp_prepare":
		r.Kind, r.Describing, r.Declared, r.SQL = Prepare, true, c.text(1), c.text(2)
		return s.describe(r, c.param(0))
	case "sp_execute":
		r.Params = c.from(1)
		if m := s.recall(r, c.number(0)); m != nil {
			return s.tell(r, *m)
		}
	case "sp_unprepare":
		r.Kind = Unprepare
		if m := s.recall(r, c.number(0)); m != nil {
			return s.tell(r, *m)
		}
		s.update(func() { delete(s.statements, r.Handle) })
		return s.tell(r)
	case cursorOpen, cursorFetch, cursorClose, cursorOption:
		return s.cursorCall(ctx, c, r)
	case "sp_reset_connection":
		s.update(s.reset)
		return s.tell(r)
	default:
		r.Kind, r.By, r.SQL, r.Params = Procedure, "", c.name, c.params
	}
	return s.run(ctx, r, nil)
}

// prepare keeps the statement, and returns its handle in the output parameter for it.
func (s *session) prepare(r *Request, handle Param) *Param {
	s.update(func() {
		s.handles++
		s.statements[s.handles] = statement{r.SQL, r.Declared}
	})
	r.Handle = s.handles
	handle.Type, handle.Value = Int, s.handles
	return &handle
}

// recall fills in the statement that was prepared with the handle.
func (s *session) recall(r *Request, handle int) *Message {
	prepared, ok := s.statements[handle]
	if !ok {
		return failure(8179, fmt.Sprintf("Could not find prepared statement with handle %d.", handle))
	}
	r.Handle, r.SQL, r.Declared = handle, prepared.sql, prepared.declared
	return nil
}

// describe prepares a statement and tells its columns.
func (s *session) describe(request *Request, handle Param) bool {
	columns, failure := s.columnsOf(request)
	if failure != nil {
		return s.tell(request, *failure, Error(8180, "Statement(s) could not be prepared."))
	}
	prepared := s.prepare(request, handle)
	request.Session = s.state.ID
	s.server.record(*request)
	r := &reply{session: s, out: &s.out, inProc: true, last: request.Last}
	if columns != nil {
		r.columns(columns)
		r.done(0, commandSelect, 0)
	}
	r.end(nil, prepared)
	return true
}

// columnsOf returns the columns of a statement's first result, nil where it has none.
func (s *session) columnsOf(r *Request) ([]Column, *Message) {
	for i, a := range s.answers(r) {
		switch a := a.(type) {
		case Rows:
			return a.Columns, nil
		case onTables:
			columns, m := a.columns()
			if m != nil && i > 0 { // what stands before it may make it right
				return nil, nil
			}
			if columns != nil || m != nil {
				return columns, m
			}
		case Message:
			if a.Compiler() || a.Number == 50000 {
				return nil, &a
			}
		}
	}
	return nil, nil
}

// tell answers a call with messages, or without any with its success.
func (s *session) tell(request *Request, messages ...Message) bool {
	request.Session = s.state.ID
	s.server.record(*request)
	r := &reply{session: s, out: &s.out, inProc: true, last: request.Last}
	for _, m := range messages {
		m.give(s.connected, r)
	}
	r.end(nil, nil)
	return true
}
