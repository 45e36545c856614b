package tdsserver

import (
	"bytes"
	"encoding/binary"
)

// Tokens.
const (
	tokenReturnStatus = 0x79
	tokenColumns      = 0x81
	tokenError        = 0xAA
	tokenInfo         = 0xAB
	tokenReturnValue  = 0xAC
	tokenLoginAck     = 0xAD
	tokenFeatures     = 0xAE
	tokenRow          = 0xD1
	tokenChange       = 0xE3
	tokenDone         = 0xFD
	tokenDoneProc     = 0xFE
	tokenDoneInProc   = 0xFF
)

// Bits of DONE tokens.
const (
	doneMore      = 0x01
	doneError     = 0x02
	doneInTx      = 0x04
	doneCount     = 0x10
	doneAttention = 0x20
)

// Commands of DONE tokens.
const (
	commandSelect = 0xC1
	commandInsert = 0xC3
)

// What ENVCHANGE tells.
const (
	changeDatabase   = 1
	changePacketSize = 4
	changeCollation  = 7
	changeBegin      = 8
	changeCommit     = 9
	changeRollback   = 10
	changeReset      = 18
)

// reply writes the tokens of the answer to one request.
type reply struct {
	session *session
	out     *output
	inProc  bool // the request is a procedure
	last    bool // of its message

	status int32 // that the procedure returns
	outs   []Out
	held   *done // the last DONE so far: whether more follows is not known yet
}

type done struct {
	status, command uint16
	rows            uint64
}

// token writes a token; behind a held DONE, which says then that more follows.
func (r *reply) token(id byte, rest ...[]byte) {
	r.release(doneMore)
	r.out.Write(append([]byte{id}, bytes.Join(rest, nil)...))
}

// sized writes a token with its length in two bytes.
func (r *reply) sized(id byte, rest ...[]byte) {
	body := bytes.Join(rest, nil)
	r.token(id, binary.LittleEndian.AppendUint16(nil, uint16(len(body))), body)
}

func (r *reply) release(more uint16) {
	if r.held == nil {
		return
	}
	d := *r.held
	r.held = nil
	id := byte(tokenDone)
	if r.inProc {
		id = tokenDoneInProc
	}
	r.doneToken(id, d, more)
}

func (r *reply) doneToken(id byte, d done, more uint16) {
	status := d.status | more
	if r.session.inTransaction() {
		status |= doneInTx
	}
	b := binary.LittleEndian.AppendUint16([]byte{id}, status)
	b = binary.LittleEndian.AppendUint16(b, d.command)
	r.out.Write(binary.LittleEndian.AppendUint64(b, d.rows))
}

// done ends a result.
func (r *reply) done(status, command uint16, rows int) {
	r.release(doneMore)
	r.held = &done{status: status, command: command, rows: uint64(rows)}
}

// succeed ends a statement without rows, unless it has failed.
func (r *reply) succeed() {
	if !r.failing() {
		r.done(0, 0, 0)
	}
}

// failing reports whether the last statement has failed.
func (r *reply) failing() bool { return r.held != nil && r.held.status&doneError != 0 }

// flush sends what there is; more follows.
func (r *reply) flush() {
	r.release(doneMore)
	r.out.flush()
}

// end writes what stands at the end, and sends all if the request is the last of its
// message.
func (r *reply) end(outParams []Param, handle *Param) {
	more := uint16(doneMore)
	if r.last {
		more = 0
	}
	switch {
	case r.inProc:
		r.token(tokenReturnStatus, binary.LittleEndian.AppendUint32(nil, uint32(r.status)))
		if handle != nil {
			r.returnValue(0, handle.Name, handle.Type, handle.Value)
		}
		r.returnValues(outParams)
		r.doneToken(tokenDoneProc, done{}, more)
	case r.held == nil:
		r.doneToken(tokenDone, done{}, more)
	default:
		r.release(more)
	}
	if r.last {
		r.out.end()
	}
}

// returnValues gives each output parameter the value of the Out for it, or else the one
// that it came with.
func (r *reply) returnValues(params []Param) {
	for i, p := range params {
		if !p.Out {
			continue
		}
		for j, o := range r.outs {
			if o.Name == "" || o.Name == p.Name {
				p.Type, p.Value = o.Type, o.Value
				r.outs = append(r.outs[:j:j], r.outs[j+1:]...)
				break
			}
		}
		r.returnValue(i, p.Name, p.Type, p.Value)
	}
}

func (r *reply) returnValue(ordinal int, name string, t Type, v any) {
	cell, err := t.appendValue(nil, v, false)
	if err != nil {
		r.message(Error(50000, err.Error()))
		return
	}
	b := appendShortText(binary.LittleEndian.AppendUint16(nil, uint16(ordinal)), name)
	b = append(b, 1)                // an output parameter
	b = append(b, 0, 0, 0, 0, 1, 0) // no user type; can be NULL
	r.token(tokenReturnValue, b, t.appendInfo(nil, false), cell)
}

// columns begins a result set.
func (r *reply) columns(columns []Column) {
	b := binary.LittleEndian.AppendUint16(nil, uint16(len(columns)))
	for _, c := range columns {
		flags := uint16(0x08) // can be changed
		if !c.NotNull {
			flags |= 0x01
		}
		if c.Identity {
			flags = flags&^0x08 | 0x10
		}
		b = append(b, 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint16(b, flags)
		b = c.Type.appendInfo(b, c.NotNull)
		if families[c.Type.id].layout == longLayout {
			b = append(b, 1)
			b = appendText(b, "t") // of the table that the value is in
		}
		b = appendShortText(b, c.Name)
	}
	r.token(tokenColumns, b)
}

func (r *reply) row(columns []Column, values []any) {
	var b []byte
	for i, c := range columns {
		cell, err := c.Type.appendValue(b, values[i], c.NotNull)
		if err != nil {
			r.message(Error(50000, "column "+c.Name+": "+err.Error()))
			return
		}
		b = cell
	}
	r.token(tokenRow, b)
}

// message writes a message. Behind an error it belongs to the same statement.
func (r *reply) message(m Message) {
	if held := r.held; r.failing() {
		r.held = nil
		defer func() { r.held = held }()
	}
	id := byte(tokenInfo)
	if m.failed() {
		id = tokenError
		r.status = -6
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(m.Number))
	b = append(b, m.State, m.Class)
	b = appendText(b, m.Text)
	b = appendShortText(b, serverName)
	b = appendShortText(b, m.Procedure)
	r.sized(id, binary.LittleEndian.AppendUint32(b, uint32(max(m.Line, 1))))
}

// changed tells of a text that has changed.
func (r *reply) changed(what byte, now, before string) {
	r.sized(tokenChange, appendShortText(appendShortText([]byte{what}, now), before))
}

// changedBytes tells of another thing that has changed.
func (r *reply) changedBytes(what byte, now, before []byte) {
	b := append([]byte{what, byte(len(now))}, now...)
	r.sized(tokenChange, append(append(b, byte(len(before))), before...))
}
