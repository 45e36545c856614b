package protocol_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// failures are errors and their bytes, which other programs read.
var failures = []struct {
	failure protocol.Failure
	hex     string
}{
	{protocol.Failure{State: "23000", Native: 42, Message: "Test error"}, "3233303030 2a000000 0a000000 54657374206572726f72"},
	{protocol.Failure{}, "0000000000 00000000 00000000"},
	{protocol.Failure{Native: -1, Message: "ä"}, "0000000000 ffffffff 02000000 c3a4"},
	{protocol.Failure{State: "HY000", Native: math.MinInt32}, "4859303030 00000080 00000000"},
	{protocol.Failure{State: "42S02", Native: math.MaxInt32, Message: "\x00"}, "3432533032 ffffff7f 01000000 00"},
}

func TestFailure(t *testing.T) {
	first, err := failures[0].failure.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, vector(t, "11-error"), first)
	for _, test := range failures {
		data, err := test.failure.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, strings.ReplaceAll(test.hex, " ", ""), hex.EncodeToString(data))
		for _, behind := range []string{"", "more"} {
			got := protocol.Failure{State: "x", Native: 1, Message: "old"}
			require.NoError(t, got.UnmarshalBinary(append(data, behind...)))
			require.Equal(t, test.failure, got)
		}
		for n := range len(data) {
			require.Error(t, new(protocol.Failure).UnmarshalBinary(data[:n]), "cut after %d bytes", n)
		}
	}
	long := protocol.Failure{State: "08S01", Message: strings.Repeat("x", 64<<10)}
	data, err := long.MarshalBinary()
	require.NoError(t, err)
	var got protocol.Failure
	require.NoError(t, got.UnmarshalBinary(data))
	require.Equal(t, long, got)
}

func TestFailureRefuses(t *testing.T) {
	for _, f := range []protocol.Failure{{State: "2300"}, {State: "230000"}, {State: "23 00"}, {State: "ä000"}, {Message: "\xff"}} {
		_, err := f.MarshalBinary()
		require.Error(t, err, "%q", f)
	}
	header := []byte("23000\x00\x00\x00\x00\xff\xff\xff\xffrest") // a length that is a lie
	f := protocol.Failure{State: "00000"}
	require.ErrorContains(t, f.UnmarshalBinary(header), "4294967295 bytes in 4")
	require.ErrorContains(t, f.UnmarshalBinary([]byte("2300\x00\x00\x00\x00\x00\x00\x00\x00\x00")), "SQLSTATE")
	require.ErrorContains(t, f.UnmarshalBinary([]byte("23000\x00\x00\x00\x00\x01\x00\x00\x00\xff")), "UTF-8")
	require.Equal(t, protocol.Failure{State: "00000"}, f, "left as it was")
}

// FuzzFailure: what is read is what its header says, and is written again the same.
func FuzzFailure(f *testing.F) {
	for _, test := range failures {
		data, _ := test.failure.MarshalBinary()
		f.Add(data)
	}
	f.Add([]byte("23000\x00\x00\x00\x00\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got protocol.Failure
		if got.UnmarshalBinary(data) != nil {
			return
		}
		require.EqualValues(t, binary.LittleEndian.Uint32(data[9:]), len(got.Message))
		again, err := got.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, data[:len(again)], again)
	})
}

// TestF40_BrokenFailure: what has been cut or has a bit turned over is an error, or a
// Failure that is written as the same bytes; a length that is a lie takes no memory.
func TestF40_BrokenFailure(t *testing.T) {
	for _, test := range failures {
		whole, err := test.failure.MarshalBinary()
		require.NoError(t, err)
		for n := range len(whole) {
			require.Error(t, new(protocol.Failure).UnmarshalBinary(whole[:n]))
		}
		for bit := range 8 * len(whole) {
			broken := bytes.Clone(whole)
			broken[bit/8] ^= 1 << (bit % 8)
			var got protocol.Failure
			if got.UnmarshalBinary(broken) != nil {
				require.Zero(t, got)
				continue
			}
			again, err := got.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, broken[:len(again)], again)
			require.LessOrEqual(t, len(got.State)+len(got.Message), len(broken))
		}
	}
	lie := binary.LittleEndian.AppendUint32([]byte("23000\x00\x00\x00\x00"), math.MaxUint32)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.Error(t, new(protocol.Failure).UnmarshalBinary(append(lie, "rest"...)))
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}
