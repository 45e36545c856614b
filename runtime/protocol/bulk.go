package protocol

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Bulk is a bulk insert as it is sent: rows for a table, column after column, each in
// slots of one width.
//
// A cell of text, decimal or bytes ends where its slot has the first zero byte, so a
// cell with such a byte cannot be sent: it is an error and never cut.
type Bulk struct {
	Table string
	// Columns are those of Rows in order. Nil is as narrow as the rows allow: nullable
	// where there is a NULL, and as wide as the longest cell.
	Columns []BulkColumn
	Rows    *Batch
}

// BulkColumn is what is told of a column besides its name and kind.
type BulkColumn struct {
	Nullable  bool
	MaxLength int // bytes of the longest cell of text, decimal or bytes, of which 0 is as good as 1
}

// bulkType is the number of a type in a bulk insert.
type bulkType uint8

const (
	bulkInt32     bulkType = 0
	bulkInt64     bulkType = 1
	bulkText      bulkType = 2
	bulkDecimal   bulkType = 3
	bulkBinary    bulkType = 4
	bulkTimestamp bulkType = 5
)

// bulkKinds are the kinds that the types are read as.
var bulkKinds = [...]Kind{
	bulkInt32: Int32, bulkInt64: Int64, bulkText: Text, bulkDecimal: Decimal, bulkBinary: Binary, bulkTimestamp: Timestamp,
}

// bulkRows are the rows of a bulk insert by default, more than those of a frame.
const bulkRows = 10_000_000

const timestampLength = 16

// Append writes the bulk insert behind dst. Kinds go as in ValuesOf, timestamps as
// numbers. A cell that the column cannot hold is a *CellError, and dst is then returned
// as it was.
func (b *Bulk) Append(dst []byte) ([]byte, error) {
	if err := b.Rows.Err(); err != nil {
		return dst, err
	}
	sources := b.sources()
	columns, err := b.measured(sources)
	if err == nil {
		err = b.check(sources, columns)
	}
	if err != nil {
		return dst, err
	}
	all := appendSized(dst, b.Table)
	all = binary.LittleEndian.AppendUint32(all, uint32(len(columns)))
	for i, s := range sources {
		all = append(appendSized(all, s.Name()), byte(s.kind), bit(columns[i].Nullable))
		all = binary.LittleEndian.AppendUint32(all, uint32(columns[i].MaxLength))
	}
	all = binary.LittleEndian.AppendUint32(all, uint32(b.Rows.rows))
	for i, s := range sources {
		if all, err = b.appendColumn(all, s, columns[i]); err != nil {
			return dst, err
		}
	}
	return all, nil
}

// bulkSource is a column to be sent.
type bulkSource struct {
	Column
	kind  bulkType
	write func(dst []byte, row int) ([]byte, error) // what fills a slot from its beginning
}

func (b *Bulk) sources() []bulkSource {
	sources := make([]bulkSource, len(b.Rows.columns))
	for i, c := range b.Rows.columns {
		if times, ok := c.(*Timestamps); ok {
			sources[i] = bulkSource{c, bulkTimestamp, func(dst []byte, row int) ([]byte, error) {
				return appendTimestamp(dst, times.Cells[row]), checkTimestamp(times.Cells[row])
			}}
			continue
		}
		tag, write := taggedOf(c)
		if write == nil {
			write = func(dst []byte, _ int) ([]byte, error) { return dst, errLongValue }
		}
		sources[i] = bulkSource{c, bulkTypes[tag], write}
	}
	return sources
}

// bulkTypes are how values with a tag are sent in a bulk insert.
var bulkTypes = [...]bulkType{
	TagInt32: bulkInt32, TagInt64: bulkInt64, TagText: bulkText, TagDecimal: bulkDecimal, TagBinary: bulkBinary,
}

// measured returns Columns, or what they are where they are nil.
func (b *Bulk) measured(sources []bulkSource) ([]BulkColumn, error) {
	if b.Columns != nil {
		return b.Columns, nil
	}
	columns := make([]BulkColumn, len(sources))
	var buffer []byte
	for i, s := range sources {
		for row, n := range s.Indicators()[:b.Rows.rows] {
			if n == Null {
				columns[i].Nullable = true
				continue
			}
			if s.kind.fixed() > 0 {
				continue
			}
			var err error
			if buffer, err = s.write(buffer[:0], row); err != nil {
				return nil, b.cellError(s, row, err)
			}
			columns[i].MaxLength = max(columns[i].MaxLength, len(buffer))
		}
	}
	return columns, nil
}

// fixed returns the bytes of a slot, 0 where they vary from column to column.
func (t bulkType) fixed() int {
	switch t {
	case bulkInt32:
		return 4
	case bulkInt64:
		return 8
	case bulkTimestamp:
		return timestampLength
	}
	return 0
}

// width returns the bytes of a slot.
func (t bulkType) width(maxLength int) int { return cmp.Or(t.fixed(), maxLength, 1) }

func (b *Bulk) cellError(c Column, row int, err error) error {
	return &CellError{Column: c.Name(), Index: c.Index(), Row: b.Rows.base + int64(row), Err: err}
}

// check holds the bulk insert against the limits of its readers.
func (b *Bulk) check(sources []bulkSource, columns []BulkColumn) error {
	if len(columns) != len(b.Rows.columns) {
		return fmt.Errorf("bulk insert into %s: %d columns are described, and the rows have %d", b.Table, len(columns), len(b.Rows.columns))
	}
	l := DefaultLimits
	if len(columns) > l.Columns {
		return formatError("columns", 0, fmt.Errorf("%w: %d, and %d are taken", ErrLimit, len(columns), l.Columns))
	}
	if b.Rows.rows > bulkRows {
		return formatError("rows", 0, fmt.Errorf("%w: %d, and %d are taken", ErrLimit, b.Rows.rows, bulkRows))
	}
	size := bulkSize{rows: int64(b.Rows.rows), limit: l.Memory}
	for i, s := range sources {
		if n := columns[i].MaxLength; n < 0 || n > l.ValueBytes {
			return formatError(fmt.Sprintf("column %d", i+1), 0, fmt.Errorf("%w: cells of %d bytes, and %d are taken", ErrLimit, n, l.ValueBytes))
		}
		if err := size.add(s.kind, columns[i]); err != nil {
			return formatError("rows", 0, err)
		}
	}
	return nil
}

// bulkSize is what the rows of a bulk insert take.
type bulkSize struct {
	rows  int64
	limit int64 // of typed
	wire  int64 // bytes as they are sent
	typed int64 // bytes in a Batch
}

func (s *bulkSize) add(t bulkType, c BulkColumn) error {
	const indicator = 8
	width := int64(t.width(c.MaxLength))
	if s.rows > 0 && width+indicator > (s.limit-s.typed)/s.rows {
		return fmt.Errorf("%w: %d rows take more than %d bytes: send fewer at once", ErrLimit, s.rows, s.limit)
	}
	s.typed += s.rows * (width + indicator)
	s.wire += s.rows * width
	if c.Nullable {
		s.wire += (s.rows + 7) / 8
	}
	return nil
}

func appendSized(dst []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// appendColumn writes the bitmap of NULLs and the slots.
func (b *Bulk) appendColumn(dst []byte, s bulkSource, told BulkColumn) ([]byte, error) {
	rows, width := b.Rows.rows, s.kind.width(told.MaxLength)
	bitmap := len(dst)
	if told.Nullable {
		dst = append(dst, make([]byte, (rows+7)/8)...)
	}
	for row, n := range s.Indicators()[:rows] {
		var err error
		slot := len(dst)
		switch {
		case n != Null:
			dst, err = s.appendCell(dst, row, width)
		case told.Nullable:
			dst[bitmap+row>>3] |= 1 << (row & 7)
		default:
			err = ErrNull
		}
		if err != nil {
			return dst, b.cellError(s, row, err)
		}
		dst = append(dst, make([]byte, slot+width-len(dst))...)
	}
	return dst, nil
}

// appendCell writes a cell without the zeros that fill its slot.
func (s bulkSource) appendCell(dst []byte, row, width int) ([]byte, error) {
	slot := len(dst)
	dst, err := s.write(dst, row)
	if err != nil || s.kind.fixed() > 0 {
		return dst, err
	}
	cell := dst[slot:]
	if len(cell) > width {
		return dst, fmt.Errorf("%w: %d bytes, and the column takes %d", ErrLimit, len(cell), width)
	}
	if zero := bytes.IndexByte(cell, 0); zero >= 0 {
		return dst, fmt.Errorf("a zero byte, at %d, cannot be sent in a bulk insert: insert such rows by a query", zero)
	}
	return dst, s.kind.check(cell)
}

// check looks at a cell whose length varies.
func (t bulkType) check(cell []byte) error {
	switch t {
	case bulkText:
		return checkText(cell)
	case bulkDecimal:
		return checkNumber(cell)
	}
	return nil
}

func appendTimestamp(dst []byte, c TimestampCell) []byte {
	for _, part := range [...]uint16{uint16(c.Year), c.Month, c.Day, c.Hour, c.Minute, c.Second} {
		dst = binary.LittleEndian.AppendUint16(dst, part)
	}
	return binary.LittleEndian.AppendUint32(dst, c.Fraction)
}

// checkTimestamp takes what databases take: MariaDB has a day 0 and a month 0, and some
// a leap second.
func checkTimestamp(c TimestampCell) error {
	if c.Month > 12 || c.Day > 31 || c.Hour > 23 || c.Minute > 59 || c.Second > 60 || c.Fraction > 999_999_999 {
		return fmt.Errorf("%w: month %d, day %d, %d:%d:%d and %d ns are not a time", ErrCorrupt, c.Month, c.Day, c.Hour, c.Minute, c.Second, c.Fraction)
	}
	return nil
}

// bulkTypeOf returns the type that is read as kind k.
func bulkTypeOf(k Kind) bulkType { return bulkType(slices.Index(bulkKinds[:], k)) }

// ParseBulk reads a bulk insert into rows of kinds Int32, Int64, Text, Decimal, Binary
// and Timestamp. Rows are up to 10,000,000 by default, and a Batch of them up to
// Limits.Memory. Nothing of data is kept. Errors are *FormatError.
func ParseBulk(data []byte, l Limits) (*Bulk, error) {
	in := newInput(data, "bulk insert")
	if l.Rows == 0 {
		l.Rows = bulkRows
	}
	l = l.orDefault()
	b := &Bulk{Table: in.name()}
	specs := b.parseColumns(in, l)
	in.begin("rows", -1)
	rows := in.count(l.Rows, 0)
	in.checkSize(specs, b.Columns, bulkSize{rows: int64(rows), limit: l.Memory})
	if in.err != nil {
		return nil, in.err
	}
	b.Rows = NewBatch(specs, rows)
	for i, c := range b.Rows.columns {
		in.begin(fmt.Sprintf("column %d %q", i+1, c.Name()), -1)
		in.bulkColumn(c, b.Columns[i], rows)
	}
	b.Rows.SetRows(rows, 0)
	if err := in.end(); err != nil {
		return nil, err
	}
	return b, nil
}

func (in *input) name() string {
	name := in.sized(math.MaxUint32)
	if err := checkText(name); err != nil {
		in.fail(err)
	}
	return string(name)
}

func (b *Bulk) parseColumns(in *input, l Limits) []ColumnSpec {
	in.begin("columns", -1)
	specs := make([]ColumnSpec, in.count(l.Columns, 4+1+1+4))
	b.Columns = make([]BulkColumn, len(specs))
	for i := range specs {
		in.begin("column", i)
		name, kind, nullable, length := in.name(), bulkType(in.u8()), in.u8(), int64(in.u32())
		switch {
		case int(kind) >= len(bulkKinds):
			in.fail(fmt.Errorf("%w: type %d", ErrCorrupt, kind))
			return nil
		case nullable > 1:
			in.fail(fmt.Errorf("%w: nullable is %d and not 0 or 1", ErrCorrupt, nullable))
		case length > int64(l.ValueBytes):
			in.fail(fmt.Errorf("%w: cells of %d bytes, and %d are taken", ErrLimit, length, l.ValueBytes))
			length = 0
		}
		b.Columns[i] = BulkColumn{Nullable: nullable == 1, MaxLength: int(length)}
		specs[i] = ColumnSpec{Name: name, Kind: bulkKinds[kind], Width: kind.width(int(length))}
	}
	return specs
}

// checkSize holds what is left against what rows need, before memory is taken for them.
func (in *input) checkSize(specs []ColumnSpec, columns []BulkColumn, size bulkSize) {
	for i, spec := range specs {
		if err := size.add(bulkTypeOf(spec.Kind), columns[i]); err != nil {
			in.fail(err)
			return
		}
	}
	switch left := int64(len(in.data)); {
	case left < size.wire:
		in.fail(fmt.Errorf("%w: %d bytes of %d", ErrTruncated, left, size.wire))
	case left > size.wire:
		in.fail(fmt.Errorf("%w: %d bytes where %d belong", ErrCorrupt, left, size.wire))
	}
}

func (in *input) bulkColumn(c Column, told BulkColumn, rows int) {
	var bitmap []byte
	if told.Nullable {
		bitmap = in.bytes(int64(rows+7) / 8)
	}
	if unused := rows & 7; unused != 0 && bitmap != nil && bitmap[len(bitmap)-1]>>unused != 0 {
		in.fail(fmt.Errorf("%w: the bitmap of NULLs goes on behind the last row", ErrCorrupt))
	}
	kind := bulkTypeOf(c.Kind())
	width := kind.width(told.MaxLength)
	slots := in.bytes(int64(rows) * int64(width))
	if in.err != nil {
		return
	}
	begin, indicators := in.at-int64(len(slots)), c.Indicators()
	for row := range rows {
		var length int
		var err error
		slot := slots[row*width:][:width]
		if bitmap != nil && bitmap[row>>3]>>(row&7)&1 == 1 {
			length, err = Null, checkZeros(slot)
		} else {
			length, err = takeSlot(c, row, slot)
		}
		if err != nil {
			in.start = begin + int64(row*width)
			in.fail(fmt.Errorf("row %d: %w", row+1, err))
			return
		}
		indicators[row] = int64(length)
	}
}

func checkZeros(rest []byte) error {
	for _, b := range rest {
		if b != 0 {
			return fmt.Errorf("%w: bytes behind the end of the cell", ErrCorrupt)
		}
	}
	return nil
}

// takeSlot makes slot the cell of a row, and returns its length.
func takeSlot(c Column, row int, slot []byte) (int, error) {
	switch c := c.(type) {
	case *Numbers[int32]:
		c.Cells[row] = int32(binary.LittleEndian.Uint32(slot))
		return len(slot), nil
	case *Numbers[int64]:
		c.Cells[row] = int64(binary.LittleEndian.Uint64(slot))
		return len(slot), nil
	case *Timestamps:
		c.Cells[row] = timestampOf(slot)
		return len(slot), checkTimestamp(c.Cells[row])
	}
	length := bytes.IndexByte(slot, 0)
	if length < 0 {
		length = len(slot)
	}
	if err := checkZeros(slot[length:]); err != nil {
		return 0, err
	}
	data, width := c.(interface{ Slots() ([]byte, int) }).Slots()
	copy(data[row*width:][:width], slot)
	return length, bulkTypeOf(c.Kind()).check(slot[:length])
}

func timestampOf(slot []byte) TimestampCell {
	part := func(i int) uint16 { return binary.LittleEndian.Uint16(slot[2*i:]) }
	return TimestampCell{
		Year: int16(part(0)), Month: part(1), Day: part(2), Hour: part(3), Minute: part(4), Second: part(5),
		Fraction: binary.LittleEndian.Uint32(slot[12:]),
	}
}
