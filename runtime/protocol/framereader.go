package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Reader reads what a Writer writes, frames one behind another of one version, or an
// envelope of several results, a frame at a time. It tells them apart by the first byte.
// Memory is that of one frame, and grows as its bytes come.
//
// It reads no byte more than it needs, so that something else may follow a result of
// version 3. A stream of version 1 or 2 that was cut at a frame's border looks whole.
//
// A Reader is for one goroutine at a time.
type Reader struct {
	r       io.Reader
	decoder *Decoder
	limits  Limits
	buffer  []byte // of the frame at hand
	form    form
	left    int          // results that the envelope still has
	version Version      // of the frames so far
	specs   []ColumnSpec // of a result of version 3, nil before its first frame
	ended   bool         // by a frame that is the last
	rows    int64        // below 0 as long as the first frame is to tell
	offset  int64
	err     error // the first one, io.EOF too
}

// form is how frames follow each other.
type form uint8

const (
	unread    form = iota
	untagged       // one behind another
	tagged         // each with tag and length, or a row count
	enveloped      // as tagged, in a number told before
)

// Item is what a Reader comes upon: rows, or how many rows were changed.
type Item struct {
	Batch *Batch // valid until the next call of Next; nil for a count
	Count int64  // -1 if the database does not tell
}

// NewReader returns a Reader of r that decodes by d; nil takes columns as they are,
// within the default limits.
func NewReader(r io.Reader, d *Decoder) *Reader { return ResumeReader(r, d, 0) }

// ResumeReader returns a Reader that begins at a frame's border, see Offset, behind so
// many rows; below 0 the first frame tells, which only version 3 does. The number of
// results in an envelope is then not known, and its end is not checked.
func ResumeReader(r io.Reader, d *Decoder, rows int64) *Reader {
	if d == nil {
		d = new(Decoder)
	}
	return &Reader{r: r, decoder: d, limits: d.Limits.orDefault(), rows: rows}
}

// Next returns what comes next, and io.EOF at the end; no bytes at all are no result.
// An error of the io.Reader is passed on as it is, all others are *FormatError. The rows before
// an error have been returned, and there is nothing after it.
func (r *Reader) Next() (Item, error) {
	if r.err != nil {
		return Item{}, r.err
	}
	r.buffer = r.buffer[:0]
	item, err := r.next()
	if err != nil {
		r.err = err
		return Item{}, err
	}
	r.offset += int64(len(r.buffer))
	return item, nil
}

func (r *Reader) next() (Item, error) {
	if r.form == unread {
		if err := r.begin(); err != nil {
			return Item{}, err
		}
	}
	switch {
	case r.form == untagged:
		return r.frame()
	case r.form == tagged, r.left > 0:
		return r.tagged()
	}
	return Item{}, r.endOfEnvelope()
}

// begin tells by the first byte what follows, and reads the header of an envelope.
func (r *Reader) begin() error {
	if err := r.read(1); err != nil {
		return err
	}
	switch r.buffer[0] {
	case magic & 0xFF:
		r.form = untagged
	case multiMagic & 0xFF:
		r.form = enveloped
		return r.envelopeHeader()
	default:
		r.form = tagged
	}
	return nil
}

func (r *Reader) envelopeHeader() error {
	if err := r.read(multiHeader); err != nil {
		return r.cut("envelope", err)
	}
	in := newInput(r.buffer, "envelope")
	in.envelopeHeader()
	r.left = in.count(r.limits.Items, 0)
	r.offset, r.buffer = multiHeader, r.buffer[:0]
	return in.err
}

// read reads until the buffer has n bytes. It returns io.EOF if they come to an end.
func (r *Reader) read(n int) error {
	const step, patience = 64 << 10, 100
	for idle := 0; len(r.buffer) < n; idle++ {
		if len(r.buffer) == cap(r.buffer) {
			r.buffer = slices.Grow(r.buffer, min(n-len(r.buffer), max(len(r.buffer), step)))
		}
		got, err := r.r.Read(r.buffer[len(r.buffer):min(n, cap(r.buffer))])
		r.buffer = r.buffer[:len(r.buffer)+got]
		switch {
		case len(r.buffer) == n:
			return nil
		case err != nil:
			return err
		case got > 0:
			idle = 0
		case idle == patience:
			return io.ErrNoProgress
		}
	}
	return nil
}

// cut makes the end of the bytes an error of the part in whose midst it is.
func (r *Reader) cut(part string, err error) error {
	if err != io.EOF {
		return err
	}
	return r.fault(part, 0, fmt.Errorf("%w: %d bytes are there", ErrTruncated, len(r.buffer)))
}

// fault places an error of what begins at a byte of the buffer.
func (r *Reader) fault(part string, from int, err error) error {
	fault := &FormatError{Part: part, Offset: r.offset + int64(from), Err: err}
	if inner, ok := errors.AsType[*FormatError](err); ok {
		fault.Part, fault.Err = inner.Part, inner.Err
		fault.Offset += inner.Offset
	}
	return fault
}

// frame reads a frame that follows others.
func (r *Reader) frame() (Item, error) {
	if r.ended {
		return Item{}, io.EOF
	}
	if err := r.whole(0, -1); err != nil {
		return Item{}, err
	}
	return r.decode(0)
}

// whole reads the rest of the frame that begins at a byte of the buffer. It has as
// many bytes as were told before, if that is not below 0.
func (r *Reader) whole(from int, told int64) error {
	for {
		length, need, err := frameLength(r.buffer[from:], r.limits)
		if err != nil {
			return r.fault("frame", from, err)
		}
		next := max(length, int64(need))
		if told >= 0 && (next > told || need == 0 && next != told) {
			return r.fault("frame", from, fmt.Errorf("%w: %d bytes of a frame where %d were told", ErrCorrupt, next, told))
		}
		if err := r.read(from + int(next)); err != nil {
			return r.border("frame", err)
		}
		if need == 0 {
			return nil
		}
	}
}

// border makes the end of the bytes the end of the stream if it may be there.
func (r *Reader) border(part string, err error) error {
	if err == io.EOF && len(r.buffer) == 0 && (r.version != Packed || r.form == tagged) && r.form != enveloped {
		return io.EOF
	}
	return r.cut(part, err)
}

// tagged reads a frame or a row count with its tag and length.
func (r *Reader) tagged() (Item, error) {
	if err := r.read(resultHeader); err != nil {
		return Item{}, r.border("result", err)
	}
	in := newInput(r.buffer, "result")
	tag, length := in.resultHeader(r.limits)
	if in.err != nil {
		return Item{}, r.fault("result", 0, in.err)
	}
	r.left--
	if tag == countTag {
		err := r.read(resultHeader + countLength)
		if err != nil {
			return Item{}, r.cut("row count", err)
		}
		return Item{Count: int64(binary.LittleEndian.Uint64(r.buffer[resultHeader:]))}, nil
	}
	if err := r.whole(resultHeader, length); err != nil {
		return Item{}, err
	}
	if !isWhole(r.buffer[resultHeader:]) {
		return Item{}, r.fault("frame", resultHeader, errPart)
	}
	return r.decode(resultHeader)
}

// decode takes the frame that begins at a byte of the buffer.
func (r *Reader) decode(from int) (Item, error) {
	frame := r.buffer[from:]
	if err := r.follows(frame); err != nil {
		return Item{}, r.fault("frame", from, err)
	}
	r.decoder.base = r.rows
	if r.form == enveloped {
		r.decoder.base = 0
	}
	b, err := r.decoder.Decode(frame)
	if err == nil {
		err = r.sameColumns(b)
	}
	if err != nil {
		return Item{}, r.fault("frame", from, err)
	}
	r.rows += int64(b.rows)
	return Item{Batch: b}, nil
}

// follows holds the header of a frame against the frames before it.
func (r *Reader) follows(frame []byte) error {
	version := versionOf(frame)
	if r.version != 0 && r.version != version && r.form != enveloped {
		return fmt.Errorf("%w: version %d behind frames of version %d", ErrCorrupt, version, r.version)
	}
	r.version = version
	if r.rows < 0 {
		r.rows = 0
		if version == Packed {
			r.rows = int64(firstRow(frame) & math.MaxInt64)
		}
	}
	if version == Packed && r.form == untagged {
		r.ended = isLast(frame)
		if first := firstRow(frame); first != uint64(r.rows) {
			return fmt.Errorf("%w: it begins with row %d where %d is next", ErrCorrupt, first, r.rows)
		}
	}
	return nil
}

// sameColumns refuses other columns within a result, which only version 3 tells from
// another result.
func (r *Reader) sameColumns(b *Batch) error {
	switch {
	case r.version != Packed || r.form != untagged:
		return nil
	case r.specs == nil:
		r.specs = columnsOf(b)
		return nil
	}
	if err := b.hasColumns(r.specs); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// endOfEnvelope makes sure that no footers are passed by.
func (r *Reader) endOfEnvelope() error {
	if err := r.read(1); err != nil {
		return err
	}
	return r.fault("end", 0, fmt.Errorf("%w: bytes behind the last result: ParseMessage reads footers", ErrCorrupt))
}

// Offset returns the bytes up to the end of the last whole frame or row count: where to
// go on if a stream was cut.
func (r *Reader) Offset() int64 { return r.offset }

// Rows returns the rows so far, with those before the Reader was resumed.
func (r *Reader) Rows() int64 { return max(r.rows, 0) }
