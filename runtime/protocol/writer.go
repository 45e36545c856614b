package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Writer writes a result to an io.Writer, a frame a Batch, each by one call of Write.
//
// Version 3 is written as frames one behind another, the last of which says that it is
// the last. Versions 1 and 2 are written as the reference streams several results: each
// frame with a tag and its length, row counts between them. A reader cannot tell there
// whether a frame goes on with a result, begins another or is missing.
//
// A Writer is for one goroutine at a time.
type Writer struct {
	w      io.Writer
	format Format
	buffer []byte
	specs  []ColumnSpec // nil if they are not known
	begun  bool         // there is a frame or a row count
	closed bool
	rows   int64
	bytes  int64
	err    error // the first one of w
}

// NewWriter returns a Writer of frames of a format to w, which it does not close.
func NewWriter(w io.Writer, f Format) *Writer { return ResumeWriter(w, f, 0) }

// ResumeWriter returns a Writer that goes on at a frame's border, behind frames with so
// many rows, as Writer.Rows or Reader.Rows tell. The columns must be as before.
func ResumeWriter(w io.Writer, f Format, rows int64) *Writer {
	if f.Version == 0 {
		f.Version = RowMajor
	}
	return &Writer{w: w, format: f, rows: rows, begun: rows > 0}
}

var errClosed = errors.New("protocol: the Writer is closed")

// Columns says what a result has that may have no rows: Close then writes an empty
// frame. It writes nothing by itself, and Write needs no call of it.
func (w *Writer) Columns(specs []ColumnSpec) { w.specs = specs }

// Write writes the rows of b as a frame, as several if they are very many. The first
// error of the io.Writer is that of this and all later calls. After one of b, of which
// then nothing or whole frames are written, another Batch can be written.
func (w *Writer) Write(b *Batch) error {
	if err := w.ready(); err != nil {
		return err
	}
	if w.format.Version == Packed && w.specs != nil {
		if err := b.hasColumns(w.specs); err != nil {
			return fmt.Errorf("protocol: write: %w", err)
		}
	}
	if isOneFrame(b) {
		return w.frame(b, false)
	}
	return w.parts(b)
}

func (w *Writer) ready() error {
	if w.err == nil && w.closed {
		return errClosed
	}
	return w.err
}

func columnsOf(b *Batch) []ColumnSpec {
	specs := make([]ColumnSpec, len(b.columns))
	for i, c := range b.columns {
		_, reader := c.(*Readers)
		specs[i] = ColumnSpec{Name: c.Name(), Kind: c.Kind(), Reader: reader}
	}
	return specs
}

// hasColumns says what differs from the columns of the batches before.
func (b *Batch) hasColumns(before []ColumnSpec) error {
	if len(before) != len(b.columns) {
		return fmt.Errorf("%d columns in a result of %d", len(b.columns), len(before))
	}
	for i, spec := range before {
		if c := b.columns[i]; c.Name() != spec.Name || c.Kind() != spec.Kind {
			return fmt.Errorf("column %d is %q of kind %s, and before it was %q of kind %s", i+1, c.Name(), c.Kind(), spec.Name, spec.Kind)
		}
	}
	return nil
}

// maxFrame bounds the cells of a frame in bytes, but for a frame of one row. It is far
// enough from the limit of readers to be an estimate.
const maxFrame = 200 << 20

// cellOverhead is what a cell has besides its text, or all that a number or time has.
const cellOverhead = 40

// variable are the columns whose indicators are lengths.
type variable interface{ Bytes(i int) []byte }

func isOneFrame(b *Batch) bool {
	if b.rows > DefaultLimits.Rows || b.rows*len(b.columns) > DefaultLimits.Cells {
		return false
	}
	size := 0
	for _, c := range b.columns {
		size += b.rows * cellOverhead
		if _, ok := c.(variable); ok {
			for _, n := range c.Indicators()[:b.rows] {
				size += max(int(n), 0)
			}
		}
	}
	return size <= maxFrame
}

// frame writes b as one.
func (w *Writer) frame(b *Batch, last bool) error {
	data, err := w.encode(b, last)
	if err != nil {
		return err
	}
	w.buffer = data
	if err := w.send(data); err != nil {
		return err
	}
	w.rows += int64(b.rows)
	if w.format.Version == Packed && w.specs == nil { // which says that all frames are one result
		w.specs = columnsOf(b)
	}
	return nil
}

func (w *Writer) encode(b *Batch, last bool) ([]byte, error) {
	if w.format.Version == Packed {
		return appendPacked(w.buffer[:0], w.format, b, w.rows, last)
	}
	header := append(w.buffer[:0], frameTag, 0, 0, 0, 0)
	data, err := w.format.Append(header, b)
	if err != nil {
		return nil, err
	}
	length := len(data) - len(header)
	if err := checkLength(frameTag, int64(length), DefaultLimits); err != nil {
		return nil, formatError("frame", 0, err)
	}
	binary.LittleEndian.PutUint32(data[1:], uint32(length))
	return data, nil
}

func (w *Writer) send(data []byte) error {
	n, err := w.w.Write(data)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.err = err
		return err
	}
	w.begun = true
	w.bytes += int64(len(data))
	return nil
}

// parts writes b as several frames.
func (w *Writer) parts(b *Batch) error {
	if err := b.Err(); err != nil {
		return err
	}
	part, size := NewBatch(columnsOf(b), 0), 0
	part.base = b.base
	for row := range b.rows {
		more := sizeOfRow(b, row)
		if !part.hasRoom() || size+more > maxFrame || !part.take(b, row) {
			if err := w.part(part, b.base+int64(row)); err != nil {
				return err
			}
			part.take(b, row)
			size = 0
		}
		size += more
	}
	return w.part(part, 0)
}

func sizeOfRow(b *Batch, row int) int {
	size := 0
	for _, c := range b.columns {
		size += cellOverhead
		if _, ok := c.(variable); ok {
			size += max(int(c.Indicators()[row]), 0)
		}
	}
	return size
}

// hasRoom reports whether a frame may have one more row.
func (b *Batch) hasRoom() bool {
	return b.rows < DefaultLimits.Rows && (b.rows+1)*len(b.columns) <= DefaultLimits.Cells
}

// take appends a row of another Batch if there is memory for it.
func (b *Batch) take(from *Batch, row int) bool {
	for i, c := range from.columns {
		b.CopyCell(i, c, row)
	}
	b.EndRow()
	if !b.Full() {
		return true
	}
	b.DropRow()
	return false
}

// part writes a part of a Batch, and makes it empty for the rows from next on.
func (w *Writer) part(part *Batch, next int64) error {
	if part.rows == 0 {
		return nil
	}
	err := w.frame(part, false)
	part.Reset()
	part.base = next
	return err
}

// Count writes how many rows a statement changed, -1 if the database does not tell.
// Version 3 has no place for it.
func (w *Writer) Count(n int64) error {
	if err := w.ready(); err != nil {
		return err
	}
	if w.format.Version == Packed {
		return errors.New("protocol: frames of version 3 are one result and have no row counts: write version 2 or 1")
	}
	w.buffer = appendCount(w.buffer[:0], n)
	return w.send(w.buffer)
}

// Close ends the result: version 3 with the frame that says so, the others with an
// empty one if there are columns and nothing was written. Without a call of Columns or
// Write, version 3 has then a result without columns. The second call does nothing.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		return w.err
	}
	if w.format.Version == Packed || !w.begun && w.specs != nil {
		if err := w.frame(NewBatch(w.specs, 0), true); err != nil {
			return err
		}
	}
	w.closed = true
	return nil
}

// Rows returns the rows in whole frames, with those before the Writer was resumed.
func (w *Writer) Rows() int64 { return w.rows }

// Bytes returns the bytes of the whole frames of this Writer. What the io.Writer took
// behind them, if it failed, is to be cut off before another Writer goes on.
func (w *Writer) Bytes() int64 { return w.bytes }
