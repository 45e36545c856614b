package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// input is what is left of bytes that came from elsewhere. Nothing of them is taken
// without a look at how many there are. After the first error it has none left.
type input struct {
	data []byte
	at   int64 // bytes before data
	err  error // the first one, a *FormatError

	part  string // that is being read, for errors
	index int    // of the part, from 0; there is only one if below 0
	start int64  // of the part
}

func newInput(data []byte, part string) *input { return &input{data: data, part: part, index: -1} }

// begin says what is read next.
func (in *input) begin(part string, index int) { in.part, in.index, in.start = part, index, in.at }

func (in *input) bytes(n int64) []byte {
	if n > int64(len(in.data)) {
		in.fail(fmt.Errorf("%w: %d bytes of %d", ErrTruncated, len(in.data), n))
	}
	if in.err != nil {
		return nil
	}
	taken := in.data[:n:n]
	in.data, in.at = in.data[n:], in.at+n
	return taken
}

func (in *input) u8() uint8 {
	if b := in.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (in *input) u16() uint16 {
	if b := in.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (in *input) u32() uint32 {
	if b := in.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (in *input) u64() uint64 {
	if b := in.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// count reads how many follow, each of which takes at least the bytes of smallest.
func (in *input) count(limit, smallest int) int {
	n := int64(in.u32())
	if n > int64(limit) {
		in.fail(fmt.Errorf("%w: %d, and %d are taken", ErrLimit, n, limit))
	}
	if need := n * int64(smallest); need > int64(len(in.data)) {
		in.fail(fmt.Errorf("%w: %d bytes for %d, which need %d", ErrTruncated, len(in.data), n, need))
	}
	if in.err != nil {
		return 0
	}
	return int(n)
}

// sized reads a length and as many bytes.
func (in *input) sized(limit int64) []byte {
	n := int64(in.u32())
	if n > limit {
		in.fail(fmt.Errorf("%w: %d bytes, and %d are taken", ErrLimit, n, limit))
	}
	return in.bytes(n)
}

func (in *input) fail(err error) {
	if in.err != nil {
		return
	}
	part := in.part
	if in.index >= 0 {
		part = fmt.Sprintf("%s %d", in.part, in.index+1)
	}
	in.err, in.data = formatError(part, in.start, err), nil
}

// formatError places err, which may have a place of its own within the part.
func formatError(part string, at int64, err error) error {
	if inner, ok := errors.AsType[*FormatError](err); ok {
		return &FormatError{Part: part + ", " + inner.Part, Offset: at + inner.Offset, Err: inner.Err}
	}
	return &FormatError{Part: part, Offset: at, Err: err}
}

// within returns the part just taken as an input of its own.
func (in *input) within(taken []byte) *input {
	part := *in
	part.data, part.at = taken, in.at-int64(len(taken))
	return &part
}

// end returns the first error; bytes that are left are one.
func (in *input) end() error {
	if len(in.data) > 0 {
		in.start = in.at
		in.fail(fmt.Errorf("%w: %d bytes follow that are no part of it", ErrCorrupt, len(in.data)))
	}
	return in.err
}
