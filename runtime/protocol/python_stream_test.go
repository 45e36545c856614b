package protocol_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestPythonReadsOurStreams: batch after batch of a Writer, and what it writes where
// there is no row.
func TestPythonReadsOurStreams(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 5))
	batches := []printed{printedKinds(random, 9, time.Nanosecond), printedKinds(random, 64, time.Nanosecond)}
	none := printedKinds(random, 0, time.Nanosecond)
	for _, version := range []protocol.Version{protocol.RowMajor, protocol.Columnar, protocol.Packed} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			var stream, empty bytes.Buffer
			w, want, rows := protocol.NewWriter(&stream, protocol.Format{Version: version}), "", int64(0)
			for _, p := range batches {
				require.NoError(t, w.Write(p.batch))
				want += p.part(version, rows, false)
				rows += int64(len(p.rows))
			}
			require.NoError(t, w.Close())
			if version == protocol.Packed {
				want += none.part(version, rows, true)
			}
			got, ok := python(t, stream.Bytes())
			require.True(t, ok)
			require.Equal(t, want, got)

			w = protocol.NewWriter(&empty, protocol.Format{Version: version})
			w.Columns(specsIn(none.batch))
			require.NoError(t, w.Close())
			got, ok = python(t, empty.Bytes())
			require.True(t, ok)
			require.Equal(t, none.in(version), got)
		})
	}
}

func specsIn(b *protocol.Batch) (specs []protocol.ColumnSpec) {
	for _, c := range b.Columns() {
		specs = append(specs, protocol.ColumnSpec{Name: c.Name(), Kind: c.Kind()})
	}
	return specs
}
