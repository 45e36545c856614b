package protocol

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// cellDecoder is what a Decoder keeps from frame to frame of versions 1 and 2.
type cellDecoder struct {
	heads   []head
	wanted  []ColumnSpec // what targets were made for
	batch   *Batch
	targets []target
	body    []byte // of the column read last, decompressed
}

// target takes the cells of a column of frames into one of a Batch.
type target struct {
	*meta
	from     Kind           // what frames have
	width    int            // of the integers of frames, 0 for text and bytes
	size     int            // bytes of all cells of the frame
	resize   func(rows int) // gives the column room
	number   func(i int, v int64) bool
	written  func(i int, cell []byte) bool
	plain    bool            // written appends, and takes everything
	int32    *Numbers[int32] // instead of number, for the most frequent kinds
	int64    *Numbers[int64]
	variable *Variable // nil where cells have a fixed size
	data     []byte    // of variable
	borders  []uint32
}

// aim makes a Batch and targets for columns of the heads, unless there are such.
func (c *cellDecoder) aim(wanted []ColumnSpec) error {
	if c.aimed(wanted) {
		return nil
	}
	specs, err := specsOf(c.heads, wanted)
	if err != nil {
		return err
	}
	c.wanted = slices.Clone(wanted)
	c.batch = NewBatch(specs, 0)
	c.targets = make([]target, len(specs))
	for i, column := range c.batch.columns {
		if err := c.targets[i].aimAt(column, c.heads[i].kind); err != nil {
			c.batch = nil
			return columnError(i, column.Name(), 0, err)
		}
	}
	return nil
}

func (c *cellDecoder) aimed(wanted []ColumnSpec) bool {
	if c.batch == nil || len(c.heads) != len(c.targets) || !slices.Equal(c.wanted, wanted) {
		return false
	}
	for i := range c.heads {
		t, h := &c.targets[i], &c.heads[i]
		if t.from != h.kind || wanted == nil && t.name != string(h.name) || wanted != nil && !named(wanted[i].Name, h.name) {
			return false
		}
	}
	return true
}

// named reports whether a column is the one that is wanted: databases differ in the case
// of names.
func named(wanted string, name []byte) bool {
	return wanted == string(name) || strings.EqualFold(wanted, string(name))
}

// specsOf returns the columns of the Batch. Kinds that the reference does not know are
// text to it, and to us.
func specsOf(heads []head, wanted []ColumnSpec) ([]ColumnSpec, error) {
	if wanted != nil && len(heads) != len(wanted) {
		return nil, &FormatError{"columns", 0, fmt.Errorf("%w: the frame has %d columns, %d are wanted", ErrCorrupt, len(heads), len(wanted))}
	}
	specs := make([]ColumnSpec, len(heads))
	for i, h := range heads {
		if wanted == nil {
			specs[i] = ColumnSpec{Name: string(h.name), Kind: known(h.kind)}
			continue
		}
		specs[i] = wanted[i]
		specs[i].Width = 0 // cells lie one after the other
		if !named(wanted[i].Name, h.name) {
			return nil, columnError(i, string(h.name), 0, fmt.Errorf("%w: %q is wanted", ErrCorrupt, wanted[i].Name))
		}
	}
	return specs, nil
}

// known returns what a column of kind k is taken as when nothing else is asked for.
func known(k Kind) Kind {
	if k < Text || k > Interval {
		return Text
	}
	return k
}

// room is the memory that a frame may still take.
type room struct {
	sent int64 // for columns as they are sent, decompressed
	all  int64 // for those that had to be decompressed, and all that is in the Batch
}

// roomOf allows for a Batch as large as the columns are as they are sent. The rest is for
// small limits, by which the few bytes of each cell should not count. It is what an int
// can count, in any case.
func roomOf(l *Limits) room {
	return room{l.Memory, min(2*min(l.Memory, math.MaxInt64/4)+64<<10, math.MaxInt-1<<20)}
}

func (r *room) takeSent(n int64) error {
	if n > r.sent {
		return fmt.Errorf("%w: %d bytes, %d are left for it", ErrLimit, n, r.sent)
	}
	r.sent -= n
	return nil
}

func (r *room) takeRows(rows int, need int64) error {
	if need > r.all {
		return fmt.Errorf("%w: %d rows take %d bytes, %d are left for them", ErrLimit, rows, need, r.all)
	}
	r.all -= need
	return nil
}

// What a cell takes in a Batch besides its bytes, or at most with them.
const (
	variableCell = 8 + 4  // indicator and border
	fixedCell    = 8 + 16 // indicator and the longest cell, a TimestampCell
)

// forget lets go of the memory of the frames before where it is much: each column of a
// stream could else keep what its longest frame had.
func (c *cellDecoder) forget(memory int64) {
	kept := int64(cap(c.body))
	for i := range c.targets {
		kept += int64(cap(c.targets[i].data))
	}
	if kept <= memory/4 {
		return
	}
	c.batch, c.targets, c.body = nil, nil, nil
}

// digits returns the bytes that so many integers of frames have as text at most, if text
// is wanted.
func (t *target) digits(integers int) int {
	switch {
	case t.variable == nil:
		return 0
	case t.width == 4:
		return integers * len("-2147483648")
	}
	return integers * len("-9223372036854775808")
}

// begin gives the column room for so many rows.
func (t *target) begin(rows int, left *room) error {
	need := int64(rows) * fixedCell
	if t.variable != nil {
		need = int64(t.size) + int64(rows)*variableCell
	}
	if err := left.takeRows(rows, need); err != nil {
		return err
	}
	t.indicators = sized(t.indicators, rows)
	clear(t.indicators)
	if t.variable == nil {
		t.resize(rows)
		return nil
	}
	t.data, t.borders = sized(t.data, t.size)[:0], sized(t.borders, rows+1)
	return nil
}

// sized returns n elements, in the memory of s where it is long enough.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// take puts the cell of a row, which is not NULL. Version 1 of the reference has integers
// that are too long for their kind as text.
func (t *target) take(i int, cell []byte) bool {
	switch {
	case len(cell) != t.width || t.width == 0:
		return t.written(i, cell)
	case t.int32 != nil:
		t.int32.Cells[i] = int32(binary.LittleEndian.Uint32(cell))
		return true
	case t.width == 4:
		return t.number(i, int64(int32(binary.LittleEndian.Uint32(cell))))
	}
	return t.number(i, int64(binary.LittleEndian.Uint64(cell)))
}

// finish closes the columns of variable length and returns the Batch.
func (c *cellDecoder) finish(rows int, base int64) (*Batch, error) {
	for j := range c.targets {
		t := &c.targets[j]
		if t.variable == nil {
			continue
		}
		if uint64(len(t.data)) > math.MaxUint32 {
			return nil, columnError(j, t.name, 0, fmt.Errorf("%w: %d bytes in one column", ErrLimit, len(t.data)))
		}
		if i := t.close(); i >= 0 {
			return nil, c.cellError(j, i, c.heads[j].at, fmt.Errorf("%w: not UTF-8", ErrCorrupt))
		}
		t.variable.pack(t.data, t.borders)
	}
	c.batch.SetRows(rows, base)
	return c.batch, nil
}

// close sets the borders of the cells, and returns the row of the first that is not UTF-8
// and should be, or -1.
func (t *target) close() int {
	border := uint32(0)
	t.borders[0] = 0
	for i, n := range t.indicators {
		border += uint32(max(n, 0))
		t.borders[i+1] = border
	}
	if t.kind == Binary || isASCII(t.data) {
		return -1
	}
	for i := range t.indicators {
		if !utf8.Valid(t.data[t.borders[i]:t.borders[i+1]]) {
			return i
		}
	}
	return -1
}

// isASCII is utf8.Valid for most text, in a third of the time for a short one, and less
// for a long one.
func isASCII(b []byte) bool {
	if len(b) < 8 {
		var all byte
		for _, c := range b {
			all |= c
		}
		return all < utf8.RuneSelf
	}
	const high = 0x8080808080808080
	le := binary.LittleEndian
	all := le.Uint64(b[len(b)-8:])
	for ; len(b) >= 64; b = b[64:] {
		some := b[:64]
		if (le.Uint64(some)|le.Uint64(some[8:])|le.Uint64(some[16:])|le.Uint64(some[24:])|
			le.Uint64(some[32:])|le.Uint64(some[40:])|le.Uint64(some[48:])|le.Uint64(some[56:]))&high != 0 {
			return false
		}
	}
	for ; len(b) > 8; b = b[8:] {
		all |= le.Uint64(b)
	}
	return all&high == 0
}

// cellError is an error of a cell, at a byte of the frame.
func (c *cellDecoder) cellError(column, row, at int, err error) error {
	return &FormatError{fmt.Sprintf("column %d %q, row %d", column+1, c.targets[column].name, row+1), int64(at), err}
}

// refuse is the error of a cell that is not what is wanted.
func (c *cellDecoder) refuse(column, row, at int, cell []byte) error {
	return c.cellError(column, row, at, c.targets[column].refusal(cell))
}

func (t *target) refusal(cell []byte) error {
	value := fmt.Sprintf("%.64q", cell)
	switch {
	case t.width == 4 && len(cell) == 4:
		value = fmt.Sprint(int32(binary.LittleEndian.Uint32(cell)))
	case t.width == 8 && len(cell) == 8:
		value = fmt.Sprint(int64(binary.LittleEndian.Uint64(cell)))
	}
	return fmt.Errorf("%w: %s is not of kind %s", ErrCorrupt, value, t.kind)
}

// columnError is an error of a column, at a byte of the frame.
func columnError(column int, name string, at int, err error) error {
	return &FormatError{fmt.Sprintf("column %d %q", column+1, name), int64(at), err}
}
