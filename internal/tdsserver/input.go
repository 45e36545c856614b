package tdsserver

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

var errShort = errors.New("the message ends too early")

// input is a message that is read. Behind its end there are zeros, and err says so.
type input struct {
	data []byte
	err  error
}

func (in *input) fail(err error) {
	if in.err == nil {
		in.err = err
	}
	in.data = nil
}

func (in *input) take(n int) []byte {
	if n < 0 || n > len(in.data) {
		in.fail(errShort)
		return nil
	}
	taken := in.data[:n:n]
	in.data = in.data[n:]
	return taken
}

// fixed takes n bytes that are there, be it as zeros.
func (in *input) fixed(n int) []byte {
	if taken := in.take(n); taken != nil {
		return taken
	}
	return make([]byte, n)
}

func (in *input) u8() byte    { return in.fixed(1)[0] }
func (in *input) u16() uint16 { return binary.LittleEndian.Uint16(in.fixed(2)) }
func (in *input) u32() uint32 { return binary.LittleEndian.Uint32(in.fixed(4)) }
func (in *input) u64() uint64 { return binary.LittleEndian.Uint64(in.fixed(8)) }

// text takes a text of so many UTF-16 code units.
func (in *input) text(units int) string { return fromUTF16(in.take(2 * units)) }

// headers skips ALL_HEADERS, and returns the transaction descriptor in them.
func (in *input) headers() (transaction uint64) {
	all := input{data: in.take(int(in.u32()) - 4)}
	for len(all.data) > 0 {
		one := input{data: all.take(int(all.u32()) - 4)}
		if one.u16() == 2 {
			transaction = one.u64()
		}
		if one.err != nil {
			all.fail(one.err)
		}
	}
	if all.err != nil {
		in.fail(all.err)
	}
	return transaction
}

func fromUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

func appendUTF16(b []byte, s string) []byte {
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// appendShortText appends a text with its length in one byte.
func appendShortText(b []byte, s string) []byte {
	text := appendUTF16(nil, s)
	return append(append(b, byte(len(text)/2)), text...)
}

// appendText appends a text with its length in two bytes.
func appendText(b []byte, s string) []byte {
	text := appendUTF16(nil, s)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(text)/2)), text...)
}
