package protocol

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Message is everything that an execution gave, as one piece of bytes: results, values
// of OUT parameters, and what their cursors yield. What is larger than memory, or not
// yet there as a whole, goes through a Writer.
type Message struct {
	Results []Result
	// Multi asks for the envelope that several results have. One that is no rows, but
	// a count, has it always.
	Multi   bool
	Out     []Value  // in the order of the statement's markers
	Cursors [][]byte // a frame for each cursor among Out
}

// Result is one of several: rows, or how many rows were changed.
type Result struct {
	Frame []byte // for a Decoder; nil for a count
	Count int64  // -1 if the database does not tell
}

// What parts of a message begin with. A frame begins with magic.
const (
	multiMagic   = 0x544C554D // MULT
	outMagic     = "OUT1"
	cursorsMagic = "RC1\x00"
)

// Tags of results where there are several.
const (
	frameTag    = 0
	countTag    = 1
	reservedTag = 0xFE
)

const (
	multiVersion = 2
	multiHeader  = 4 + 2 + 2 + 4 // magic, version, reserved, number of results
	resultHeader = 1 + 4         // tag, length
	countLength  = 8
)

// Append writes the message behind dst. Without Out and Cursors it is one frame, or one
// envelope, and nothing else. What no reader would take is a *FormatError, and dst is
// then returned as it was.
func (m *Message) Append(dst []byte) ([]byte, error) {
	all, err := m.appendResults(dst)
	if err == nil {
		all, err = m.appendFooters(all)
	}
	if err != nil {
		return dst, err
	}
	return all, nil
}

func (m *Message) appendResults(dst []byte) ([]byte, error) {
	if !m.Multi && len(m.Results) == 1 && m.Results[0].Frame != nil {
		return appendFrame(dst, m.Results[0].Frame, "result 1")
	}
	if len(m.Results) > DefaultLimits.Items {
		return dst, formatError("results", 0, fmt.Errorf("%w: %d, and %d are taken", ErrLimit, len(m.Results), DefaultLimits.Items))
	}
	dst = binary.LittleEndian.AppendUint32(dst, multiMagic)
	dst = binary.LittleEndian.AppendUint32(dst, multiVersion) // and 16 bits that are reserved
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(m.Results)))
	for i, r := range m.Results {
		if r.Frame == nil {
			dst = appendCount(dst, r.Count)
			continue
		}
		part := fmt.Sprintf("result %d", i+1)
		if err := checkLength(frameTag, int64(len(r.Frame)), DefaultLimits); err != nil {
			return dst, formatError(part, 0, err)
		}
		dst = binary.LittleEndian.AppendUint32(append(dst, frameTag), uint32(len(r.Frame)))
		var err error
		if dst, err = appendFrame(dst, r.Frame, part); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendCount(dst []byte, n int64) []byte {
	dst = binary.LittleEndian.AppendUint32(append(dst, countTag), countLength)
	return binary.LittleEndian.AppendUint64(dst, uint64(n))
}

// appendFrame writes a frame if it is one.
func appendFrame(dst, frame []byte, part string) ([]byte, error) {
	in := newInput(frame, part)
	in.frame(DefaultLimits)
	return append(dst, frame...), in.end()
}

func (m *Message) appendFooters(dst []byte) ([]byte, error) {
	if len(m.Out) > 0 {
		all := binary.LittleEndian.AppendUint32(append(dst, outMagic...), uint32(len(m.Out)))
		all, err := AppendValues(all, m.Out)
		if err != nil {
			return dst, err
		}
		dst = all
	}
	if len(m.Cursors) == 0 {
		return dst, nil
	}
	if len(m.Cursors) > DefaultLimits.Values {
		return dst, tooManyValues(len(m.Cursors))
	}
	dst = binary.LittleEndian.AppendUint32(append(dst, cursorsMagic...), uint32(len(m.Cursors)))
	for i, frame := range m.Cursors {
		var err error
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(frame)))
		if dst, err = appendFrame(dst, frame, fmt.Sprintf("cursor %d", i+1)); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// ParseMessage reads a whole message: one frame or one envelope, then the values of OUT
// parameters if there are any, then the cursors' rows. Frames and values lie in data.
// Errors are *FormatError.
//
// The envelope of old, which begins with the number of its results and nothing that
// names it, is for ParseLegacyMessage: its first bytes may be those of a stream.
func ParseMessage(data []byte, l Limits) (*Message, error) {
	in, l := newInput(data, "message"), l.orDefault()
	var m Message
	switch begin := in.peek(); begin {
	case magic:
		m.Results = []Result{{Frame: in.frame(l)}}
	case multiMagic:
		m.Multi, m.Results = true, in.envelope(l)
	default:
		in.fail(errNoMessage(begin))
	}
	return in.footers(&m, l)
}

func errNoMessage(begin uint32) error {
	return fmt.Errorf("%w: it begins with %08x and not as a frame or an envelope; streams are for a Reader", ErrCorrupt, begin)
}

// ParseLegacyMessage reads a message whose envelope has no header but the number of its
// results. Nobody writes it any more: Append makes it one of today.
func ParseLegacyMessage(data []byte, l Limits) (*Message, error) {
	in, l := newInput(data, "message"), l.orDefault()
	return in.footers(&Message{Multi: true, Results: in.results(l)}, l)
}

// peek returns the first four bytes and does not take them.
func (in *input) peek() uint32 {
	ahead := *in
	begin := ahead.u32()
	if ahead.err != nil {
		in.err, in.data = ahead.err, nil
	}
	return begin
}

// envelope reads several results behind their header.
func (in *input) envelope(l Limits) []Result {
	in.envelopeHeader()
	return in.results(l)
}

// envelopeHeader reads the header without the number of results.
func (in *input) envelopeHeader() {
	begin, version, reserved := in.u32(), in.u16(), in.u16()
	if begin != multiMagic {
		in.fail(errNoMessage(begin))
	}
	if version != multiVersion {
		in.fail(fmt.Errorf("%w: envelope of version %d", ErrUnsupported, version))
	}
	if reserved != 0 {
		in.fail(fmt.Errorf("%w: %04x in the reserved bytes of the envelope", ErrCorrupt, reserved))
	}
}

func (in *input) results(l Limits) []Result {
	results := make([]Result, in.count(l.Items, resultHeader))
	for i := range results {
		in.begin("result", i)
		tag, length := in.resultHeader(l)
		result := in.within(in.bytes(length))
		if tag == countTag {
			results[i].Count = int64(result.u64())
		} else {
			results[i].Frame = result.frame(l)
		}
		in.err = result.end()
	}
	return results
}

func (in *input) resultHeader(l Limits) (tag uint8, length int64) {
	tag, length = in.u8(), int64(in.u32())
	if err := checkLength(tag, length, l); err != nil {
		in.fail(err)
		return tag, 0
	}
	return tag, length
}

// checkLength says whether a result of several may have so many bytes.
func checkLength(tag uint8, length int64, l Limits) error {
	switch {
	case tag == reservedTag:
		return fmt.Errorf("%w: tag %d is reserved", ErrCorrupt, tag)
	case tag > countTag:
		return fmt.Errorf("%w: tag %d", ErrCorrupt, tag)
	case tag == countTag && length != countLength:
		return fmt.Errorf("%w: %d bytes in a row count, which has %d", ErrCorrupt, length, countLength)
	case length > l.Payload:
		return fmt.Errorf("%w: %d bytes, and %d are taken", ErrLimit, length, l.Payload)
	}
	return nil
}

// frame takes the frame that comes next, which is a whole result.
func (in *input) frame(l Limits) []byte {
	in.start = in.at
	length, need, err := frameLength(in.data, l)
	if err != nil {
		in.fail(err)
	}
	frame := in.bytes(max(length, int64(need)))
	if in.err == nil && !isWhole(frame) {
		in.fail(errPart)
	}
	return frame
}

var errPart = fmt.Errorf("%w: the frame is only a part of a result", ErrTruncated)

// isWhole reports whether no other frame belongs to the same result, which only
// version 3 can tell.
func isWhole(frame []byte) bool {
	return versionOf(frame) != Packed || isLast(frame) && firstRow(frame) == 0
}

// These read the header of a frame of version 3.

func isLast(frame []byte) bool     { return binary.LittleEndian.Uint16(frame[6:])&1 != 0 }
func firstRow(frame []byte) uint64 { return binary.LittleEndian.Uint64(frame[16:]) }

// footers reads what is behind the results.
func (in *input) footers(m *Message, l Limits) (*Message, error) {
	if in.footer(outMagic) {
		m.Out = make([]Value, in.count(l.Values, smallestValue))
		for i := range m.Out {
			in.begin("OUT value", i)
			m.Out[i] = in.value(l)
		}
	}
	if in.footer(cursorsMagic) {
		m.Cursors = make([][]byte, in.count(l.Values, 4+rowMajorHeader))
		for i := range m.Cursors {
			in.begin("cursor", i)
			cursor := in.within(in.sized(l.Payload))
			m.Cursors[i] = cursor.frame(l)
			in.err = cursor.end()
		}
	}
	if err := in.end(); err != nil {
		return nil, err
	}
	return m, nil
}

// footer takes the four bytes that a footer begins with, if they are next.
func (in *input) footer(begin string) bool {
	in.begin("footer "+begin[:3], -1)
	if len(in.data) > 0 && len(in.data) < len(begin) && bytes.HasPrefix([]byte(begin), in.data) {
		in.bytes(int64(len(begin)))
	}
	if !bytes.HasPrefix(in.data, []byte(begin)) {
		return false
	}
	in.bytes(int64(len(begin)))
	return true
}
