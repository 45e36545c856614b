package fakedriver

import (
	"encoding/binary"
	"io"
	"math"
	"net"
	"strconv"
)

// The other end of this is in driver.c. Numbers are of 64 bits in the machine's byte
// order, bytes stand behind their number.

// maxFrame bounds a request.
const maxFrame = 1 << 30

func receive(socket net.Conn) (request, error) {
	var length [8]byte
	if _, err := io.ReadFull(socket, length[:]); err != nil {
		return nil, err
	}
	r := make(request, min(binary.NativeEndian.Uint64(length[:]), maxFrame))
	_, err := io.ReadFull(socket, r)
	return r, err
}

func send(socket net.Conn, body answer) error {
	frame := append(binary.NativeEndian.AppendUint64(nil, uint64(len(body))), body...)
	_, err := socket.Write(frame)
	return err
}

// request is what is left to be read of one.
type request []byte

func (r *request) number() int64 {
	n := int64(binary.NativeEndian.Uint64(*r))
	*r = (*r)[8:]
	return n
}

func (r *request) int() int { return int(r.number()) }

func (r *request) bytes() []byte {
	n := r.number()
	b := (*r)[:n:n]
	*r = (*r)[n:]
	return b
}

// read reads a call.
func (d *Driver) read(r request) *Call {
	c := &Call{Op: Op(r.bytes()), Conn: r.number(), Stmt: r.number()}
	d.mu.Lock()
	if s := d.statements[c.Stmt]; s != nil {
		c.SQL, c.cancels = s.sql, s.cancels
		for len(s.cancels) > 0 && c.Op != Cancel { // they came too late for the call before
			<-s.cancels
		}
	}
	d.mu.Unlock()
	switch c.Op {
	case Connect:
		c.Connection = string(r.bytes())
	case SetAttribute:
		c.Attribute, c.Value = r.number(), r.number()
	case GetAttribute, GetInfo, EndTransaction:
		c.Attribute = r.number()
	case Prepare, ExecuteDirectly:
		c.SQL = string(r.bytes())
	case Execute:
		c.Params = r.params()
	case Fetch:
		c.orientation, c.offset, c.rows = r.number(), r.number(), r.int()
		c.bound = make([]target, r.number())
		for i := range c.bound {
			c.bound[i] = target{r.int(), r.number(), r.int()}
		}
	case GetData:
		c.Row, c.Column = r.int(), r.int()
		c.into = target{c.Column, r.number(), r.int()}
	}
	return c
}

func (r *request) params() [][]any {
	rows := make([][]any, r.number())
	columns := r.int()
	for i := range rows {
		rows[i] = make([]any, columns)
		for k := range rows[i] {
			cType, null, cell := r.number(), r.number(), r.bytes()
			if null == 0 {
				rows[i][k] = valueOf(cType, cell)
			}
		}
	}
	return rows
}

// C type codes.
const (
	cChar      = 1
	cFloat     = 7
	cDouble    = 8
	cBit       = -7
	cSTinyInt  = -26
	cUTinyInt  = -28
	cSShort    = -15
	cUShort    = -17
	cSLong     = -16
	cULong     = -18
	cSBigInt   = -25
	cUBigInt   = -27
	cBinary    = -2
	cDate      = 91
	cTimestamp = 93
)

// widths are the bytes of cells of fixed size.
var widths = map[int64]int{
	cBit: 1, cSTinyInt: 1, cUTinyInt: 1, cSShort: 2, cUShort: 2, cSLong: 4, cULong: 4, cSBigInt: 8, cUBigInt: 8,
	cFloat: 4, cDouble: 8, cDate: 6, cTimestamp: 16,
}

// valueOf returns the value of a parameter: a text is a string, an integer an int, all
// that nobody has asked for yet are its bytes.
func valueOf(cType int64, cell []byte) any {
	switch cType {
	case cChar:
		return string(cell)
	case cDouble:
		return math.Float64frombits(binary.NativeEndian.Uint64(cell))
	case cSBigInt, cUBigInt:
		return int(binary.NativeEndian.Uint64(cell))
	case cSLong:
		return int(int32(binary.NativeEndian.Uint32(cell)))
	}
	return cell
}

// answer is what has been written of one.
type answer []byte

func (w *answer) number(n int64) { *w = binary.NativeEndian.AppendUint64(*w, uint64(n)) }

func (w *answer) int(n int) { w.number(int64(n)) }

func (w *answer) flag(is bool) {
	if is {
		w.int(1)
		return
	}
	w.int(0)
}

func (w *answer) bytes(b []byte) {
	w.int(len(b))
	*w = append(*w, b...)
}

func (w *answer) text(s string) { w.bytes([]byte(s)) }

// written writes the answer to a call.
func (d *Driver) written(c *Call, a *Answer) answer {
	var rest answer
	switch c.Op {
	case GetInfo:
		rest.flag(a.isText || a.Text != "")
		rest.number(a.Figure)
		rest.text(a.Text)
	case GetAttribute:
		rest.number(a.Figure)
	case Prepare, ExecuteDirectly, MoreResults:
		rest.shape(a)
	case Execute:
		rest.shape(a)
		rest.number(a.Processed)
		rest.int(len(a.Status))
		for _, status := range a.Status {
			rest.int(status)
		}
	case Fetch:
		d.writeRows(&rest, c, a)
	case GetData:
		d.writeCell(&rest, c, a)
	}
	var head answer
	head.int(a.Return)
	head.flag(a.Crash)
	head.int(a.Repeats)
	head.int(len(a.Records))
	for _, r := range a.Records {
		head.text(r.State)
		head.int(r.Native)
		head.text(r.Message)
	}
	return append(head, rest...)
}

func (w *answer) shape(a *Answer) {
	result := a.result
	if result == nil {
		result = &Result{}
	}
	w.int(a.params)
	w.number(a.RowCount)
	w.int(len(result.Columns))
	for _, c := range result.Columns {
		w.text(c.Name)
		w.text(c.typeName())
		w.int(c.Type)
		w.int(c.Size)
		w.int(c.Digits)
		w.flag(!c.NotNull)
		w.flag(c.Unsigned)
	}
}

func (d *Driver) writeRows(w *answer, c *Call, a *Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.statements[c.Stmt]
	if s == nil { // freed meanwhile
		w.number(0)
		w.number(0)
		return
	}
	s.block = a.Rows
	w.number(a.Fetched)
	w.int(len(a.Rows))
	for i, row := range a.Rows {
		for _, into := range c.bound {
			cell, length := into.cut(row[into.column])
			o := oddOf(row[into.column])
			w.cell(cell, s.length(o, i, into.column, length), o.Half)
			if a.Return == Success && length > int64(len(cell)) {
				a.truncated()
			}
		}
	}
}

func (a *Answer) truncated() {
	a.Return, a.Records = SuccessWithInfo, append(a.Records, Record{"01004", 0, "data truncated"})
}

func (w *answer) cell(cell []byte, length int64, half bool) {
	w.number(length)
	w.flag(half)
	w.bytes(cell)
}

// writeCell gives what SQLGetData has not read yet of a cell.
func (d *Driver) writeCell(w *answer, c *Call, a *Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.statements[c.Stmt]
	if s == nil || c.Row >= len(s.block) {
		a.Fail("24000", 0, "invalid cursor state")
		return
	}
	at := s.read[[2]int{c.Row, c.Column}]
	if at == nil {
		at = new(reading)
		s.read[[2]int{c.Row, c.Column}] = at
	}
	o := oddOf(s.block[c.Row][c.Column])
	whole, null := c.into.encode(o.Value)
	if at.times > 0 && at.bytes == len(whole) {
		a.Return = NoData
		return
	}
	cell, length := whole[at.bytes:], int64(len(whole)-at.bytes)
	if null {
		length = Null
	}
	if room := c.into.room(); len(cell) > room {
		cell = cell[:room]
		a.truncated()
	}
	at.bytes += len(cell)
	at.times++
	w.cell(c.into.ended(cell), s.length(o, c.Row, c.Column, length), o.Half)
}

// cut returns what a bound target gets of a value, and the value's length.
func (t target) cut(value any) (cell []byte, length int64) {
	whole, null := t.encode(oddOf(value).Value)
	if null {
		return nil, Null
	}
	return t.ended(whole[:min(len(whole), t.room())]), int64(len(whole))
}

// room returns how many bytes of a value the target takes.
func (t target) room() int {
	switch t.cType {
	case cChar:
		return max(0, t.size-1)
	case cBinary:
		return t.size
	}
	return widths[t.cType]
}

// ended adds a text's ending zero.
func (t target) ended(cell []byte) []byte {
	if t.cType == cChar && t.size > 0 {
		return append(cell[:len(cell):len(cell)], 0)
	}
	return cell
}

// encode returns a value in the C type of the target. A number that does not fit
// becomes the largest or is cut, as drivers do.
func (t target) encode(value any) (cell []byte, null bool) {
	switch v := value.(type) {
	case nil:
		return nil, true
	case []byte:
		return v, false
	case string:
		return t.ofText(v), false
	case int:
		if t.cType == cDouble || t.cType == cFloat {
			return t.ofText(strconv.Itoa(v)), false
		}
		if width, ok := widths[t.cType]; ok {
			return binary.LittleEndian.AppendUint64(nil, uint64(v))[:min(width, 8)], false
		}
		return []byte(strconv.Itoa(v)), false
	case float64:
		return t.ofText(strconv.FormatFloat(v, 'g', -1, 64)), false
	}
	panic("fakedriver: a value of a type that is not known")
}

func (t target) ofText(text string) []byte {
	switch t.cType {
	case cChar, cBinary:
		return []byte(text)
	case cDouble:
		f, _ := strconv.ParseFloat(text, 64)
		return binary.NativeEndian.AppendUint64(nil, math.Float64bits(f))
	case cFloat:
		f, _ := strconv.ParseFloat(text, 32)
		return binary.NativeEndian.AppendUint32(nil, math.Float32bits(float32(f)))
	}
	n, _ := strconv.ParseInt(text, 10, 64) // the largest where it does not fit
	return binary.LittleEndian.AppendUint64(nil, uint64(n))[:min(widths[t.cType], 8)]
}
