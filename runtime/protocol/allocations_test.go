//go:build !race

package protocol_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// The race detector allocates, and pools lose what they have.

// TestAllocations: frames with the columns of the frame before cost no memory.
func TestAllocations(t *testing.T) {
	for _, name := range []string{"numeric", "text", "mixed"} {
		for version, most := range map[string]float64{"v1": 0, "v2": 0, "v2-zstd": 10, "v2-lz4": 25} {
			frame, err := formats[version].Append(nil, benchBatch(name))
			require.NoError(t, err)
			var d protocol.Decoder
			require.LessOrEqual(t, testing.AllocsPerRun(20, func() {
				if _, err := d.Decode(frame); err != nil {
					panic(err)
				}
			}), most, "%s of %s", name, version)
		}
	}
}

// TestPackedAllocations: a frame of many cells costs as many as one of few.
func TestPackedAllocations(t *testing.T) {
	written := map[protocol.Compression]float64{protocol.Uncompressed: 2, protocol.Zstd: 10}
	for name, b := range benchBatches() {
		for _, c := range compressions[:2] {
			out, err := packedAs(c).Append(nil, b)
			require.NoError(t, err)
			var d protocol.Decoder
			require.LessOrEqual(t, testing.AllocsPerRun(20, func() { out, _ = packedAs(c).Append(out[:0], b) }), written[c], "%s written", name)
			require.LessOrEqual(t, testing.AllocsPerRun(20, func() {
				got, err := d.Decode(out)
				if err != nil || got.Len() != b.Len() {
					t.Fatal(err)
				}
				for i, column := range got.Columns() {
					if column.Kind() == protocol.Text {
						got.Text(i)
					}
				}
			}), 8.0, "%s read", name)
		}
	}
}

// TestReaderMemory: a length that is true takes not much more than twice of it.
func TestReaderMemory(t *testing.T) {
	const size = 8 << 20
	cut := append(unhex(t, "4342444f 0100 0000 00000000 00000010"), make([]byte, size)...)
	grown := allocated(func() {
		_, err := protocol.NewReader(bytes.NewReader(cut), nil).Next()
		require.ErrorIs(t, err, protocol.ErrTruncated)
	})
	require.Less(t, grown, uint64(4.5*size)) // 2 times, and the buffers that were too small
}
