// Package view shows the bytes of a frame as the numbers that lie there, and numbers
// as bytes. It is the one place of the protocol with unsafe, and knows no format but
// that numbers are little-endian.
package view

import (
	"encoding/binary"
	"unsafe"
)

// Number is a number of a fixed size.
type Number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// Of returns the numbers that b holds, whole ones only: where they lie, or as a copy
// in own, grown if need be, where the machine cannot read them there. kept is own
// for the next call.
func Of[T Number](b []byte, own []T) (numbers, kept []T) {
	n := len(b) / sizeOf[T]()
	if n == 0 {
		return own[:0], own
	}
	first := unsafe.Pointer(unsafe.SliceData(b))
	if isLittle() && uintptr(first)%unsafe.Alignof(*new(T)) == 0 {
		return unsafe.Slice((*T)(first), n), own
	}
	if cap(own) < n {
		own = make([]T, n)
	}
	own = own[:n]
	if isLittle() {
		copy(bytesOf(own), b)
	} else {
		binary.Decode(b, binary.LittleEndian, own) // which can only fail for want of bytes
	}
	return own, own
}

// Append appends the numbers to b.
func Append[T Number](b []byte, numbers []T) []byte {
	if isLittle() {
		return append(b, bytesOf(numbers)...)
	}
	b, _ = binary.Append(b, binary.LittleEndian, numbers) // which knows all these types
	return b
}

func bytesOf[T Number](numbers []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(numbers))), len(numbers)*sizeOf[T]())
}

func sizeOf[T Number]() int { return int(unsafe.Sizeof(*new(T))) }

func isLittle() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }
