package protocol

import (
	"math"
	"strconv"
)

// Numbers as text. Most have few digits, and for these the general way of strconv takes
// several times as long.

// appendFloat writes f as strconv does, 'g' with the fewest digits.
func appendFloat(dst []byte, f float64) []byte {
	const places = 1e4
	n := math.RoundToEven(f * places)
	// With at most 15 digits, no other number as short is the same double. Below 1e-4 and from
	// 1e6 on there is an exponent.
	if n/places != f || n == 0 || math.Abs(n) >= 1e6*places {
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	}
	digits := uint64(math.Abs(n))
	if n < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, digits/places, 10)
	fraction := uint32(digits % places)
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.', 0, 0, 0, 0)
	put2(dst[len(dst)-4:], fraction/100)
	put2(dst[len(dst)-2:], fraction%100)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// parseFloat reads what is a plain number of at most 15 digits itself: both parts of
// the quotient are then exact, and it is rounded once.
func parseFloat(b []byte) (float64, bool) {
	digits, places, ok := parsePlain(b)
	if !ok {
		f, err := strconv.ParseFloat(string(b), 64)
		return f, err == nil
	}
	f := float64(digits) / powersOfTen[places]
	if b[0] == '-' {
		f = -f
	}
	return f, true
}

// parseFloat32 rounds once, which a float64 in between would not.
func parseFloat32(b []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(b), 32)
	return f, err == nil
}

// parsePlain reads a number of at most 15 digits, without an exponent. It returns the
// digits and how many of them stand behind a point.
func parsePlain(b []byte) (digits uint64, places int, ok bool) {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 16 {
		return 0, 0, false
	}
	point := -1
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			digits = digits*10 + uint64(c-'0')
		case c == '.' && point < 0 && i > 0 && i < len(b)-1:
			point = i
		default:
			return 0, 0, false
		}
	}
	if point < 0 {
		return digits, 0, len(b) <= 15
	}
	return digits, len(b) - 1 - point, true
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
