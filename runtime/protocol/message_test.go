package protocol_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

func TestMessages(t *testing.T) {
	empty, rows := vector(t, "01-empty"), vector(t, "02-rows")
	for _, test := range []struct {
		name    string
		message protocol.Message
		whole   []int // where a cut message is a whole one without footers
	}{
		{"01-empty", protocol.Message{Results: []protocol.Result{{Frame: empty}}}, nil},
		{"02-rows", protocol.Message{Results: []protocol.Result{{Frame: rows}}}, nil},
		{"03-columns", protocol.Message{Results: []protocol.Result{{Frame: vector(t, "03-columns")}}}, nil},
		{"04-zstd", protocol.Message{Results: []protocol.Result{{Frame: vector(t, "04-zstd")}}}, nil},
		{"05-count", protocol.Message{Multi: true, Results: []protocol.Result{{Count: 42}}}, nil},
		{"06-set-and-count", protocol.Message{Multi: true, Results: []protocol.Result{{Frame: empty}, {Count: -1}}}, nil},
		{"07-out", protocol.Message{Results: []protocol.Result{{Frame: empty}}, Out: []protocol.Value{int32Value(42), nullValue, textValue("ok")}}, []int{16}},
		{"08-cursors", protocol.Message{Results: []protocol.Result{{Frame: empty}}, Cursors: [][]byte{empty}}, []int{16}},
	} {
		data := vector(t, test.name)
		got, err := protocol.ParseMessage(data, protocol.Limits{})
		require.NoError(t, err, test.name)
		require.Equal(t, &test.message, got, test.name)
		again, err := test.message.Append([]byte("before"))
		require.NoError(t, err, test.name)
		require.Equal(t, append([]byte("before"), data...), again, test.name)
		for n := range data {
			_, err := protocol.ParseMessage(data[:n], protocol.Limits{})
			if len(test.whole) > 0 && n == test.whole[0] {
				require.NoError(t, err, "%s cut after %d bytes", test.name, n)
				continue
			}
			require.ErrorIs(t, err, protocol.ErrTruncated, "%s cut after %d bytes", test.name, n)
			requirePlace(t, err)
		}
		for _, behind := range []string{"\x00", "OUT2", "RC1\x01", "CBDO", "MULT"} {
			_, err := protocol.ParseMessage(append(bytes.Clone(data), behind...), protocol.Limits{})
			require.ErrorIs(t, err, protocol.ErrCorrupt, "%s and %q", test.name, behind)
		}
	}
}

// TestMessageOfAll: results keep their order whichever they are, and both footers
// follow an envelope, too.
func TestMessageOfAll(t *testing.T) {
	empty, rows := vector(t, "01-empty"), vector(t, "02-rows")
	set, count := protocol.Result{Frame: rows}, protocol.Result{Count: 2}
	for _, results := range [][]protocol.Result{
		nil, {set}, {set, set}, {count, count, count}, {count, set}, {set, count}, {count, set, count, {Frame: empty}, set},
	} {
		for _, out := range [][]protocol.Value{nil, {nullValue}, {cursorValue, textValue("x")}} {
			for _, cursors := range [][][]byte{nil, {rows}, {empty, rows}} {
				m := protocol.Message{Multi: true, Results: results, Out: out, Cursors: cursors}
				data, err := m.Append(nil)
				require.NoError(t, err)
				got, err := protocol.ParseMessage(data, protocol.Limits{})
				require.NoError(t, err)
				require.Len(t, got.Results, len(results))
				for i := range results {
					require.Equal(t, results[i], got.Results[i])
				}
				require.Equal(t, out, got.Out)
				require.Equal(t, cursors, got.Cursors)
			}
		}
	}
}

// TestNoOutValues: without values, a message has no trace of the footer.
func TestNoOutValues(t *testing.T) {
	m := protocol.Message{Results: []protocol.Result{{Frame: vector(t, "02-rows")}}, Out: []protocol.Value{}, Cursors: [][]byte{}}
	data, err := m.Append(nil)
	require.NoError(t, err)
	require.Equal(t, vector(t, "02-rows"), data)
}

// TestEmptyFooter: one without values is read, though nobody writes it.
func TestEmptyFooter(t *testing.T) {
	data := append(vector(t, "01-empty"), unhex(t, "4f555431 00000000 52433100 00000000")...)
	m, err := protocol.ParseMessage(data, protocol.Limits{})
	require.NoError(t, err)
	require.Empty(t, m.Out)
	require.Empty(t, m.Cursors)
}

func TestLegacyMessage(t *testing.T) {
	legacy := vector(t, "17-legacy")
	m, err := protocol.ParseLegacyMessage(legacy, protocol.Limits{})
	require.NoError(t, err)
	data, err := m.Append(nil)
	require.NoError(t, err)
	require.Equal(t, vector(t, "06-set-and-count"), data)
	_, err = protocol.ParseMessage(legacy, protocol.Limits{})
	require.ErrorIs(t, err, protocol.ErrCorrupt)
	for n := range legacy {
		_, err := protocol.ParseLegacyMessage(legacy[:n], protocol.Limits{})
		require.ErrorIs(t, err, protocol.ErrTruncated, "cut after %d bytes", n)
	}
	_, err = protocol.ParseLegacyMessage(append(legacy, 0), protocol.Limits{})
	require.ErrorIs(t, err, protocol.ErrCorrupt)
}

func TestParseMessageRefuses(t *testing.T) {
	const empty = "4342444f010000000000000000000000"
	for _, test := range []struct {
		name, hex string
		want      error
	}{
		{"a stream", "00 10000000 " + empty, protocol.ErrCorrupt},
		{"another magic", "4f444243 0100", protocol.ErrCorrupt},
		{"another version of frames", "4342444f 0400 0000 00000000 00000000", protocol.ErrUnsupported},
		{"the constant that the reference never wrote", "4f444243 0200 0000 0000 00000000 00 00000000", protocol.ErrCorrupt},
		{"an envelope with its magic turned over", "544c554d 0200 0000 00000000", protocol.ErrCorrupt},
		{"another version of the envelope", "4d554c54 0100 0000 00000000", protocol.ErrUnsupported},
		{"reserved bytes", "4d554c54 0200 0100 00000000", protocol.ErrCorrupt},
		{"the reserved tag", "4d554c54 0200 0000 01000000 fe 08000000 0000000000000000", protocol.ErrCorrupt},
		{"an unknown tag", "4d554c54 0200 0000 01000000 02 08000000 0000000000000000", protocol.ErrCorrupt},
		{"a short row count", "4d554c54 0200 0000 01000000 01 04000000 00000000", protocol.ErrCorrupt},
		{"a count too many", "4d554c54 0200 0000 01000000 01 08000000 0000000000000000 01 08000000 0000000000000000", protocol.ErrCorrupt},
		{"a result that is longer than its frame", "4d554c54 0200 0000 01000000 00 11000000 " + empty + "00", protocol.ErrCorrupt},
		{"a result that is shorter than its frame", "4d554c54 0200 0000 01000000 00 0f000000 " + empty, protocol.ErrTruncated},
		{"a result without a frame", "4d554c54 0200 0000 01000000 00 00000000", protocol.ErrTruncated},
		{"results that are not there", "4d554c54 0200 0000 00400000", protocol.ErrTruncated},
		{"too many results", "4d554c54 0200 0000 01400000", protocol.ErrLimit},
		{"too long a result", "4d554c54 0200 0000 01000000 00 01000010", protocol.ErrLimit},
		{"OUT1 turned over", empty + "3154554f 01000000 00 00000000", protocol.ErrCorrupt}, // as the reference wrote it before 3.5.0
		{"OUT1 twice", empty + "4f555431 01000000 00 00000000 4f555431 01000000 00 00000000", protocol.ErrCorrupt},
		{"OUT1 behind RC1", empty + "52433100 01000000 10000000" + empty + "4f555431 01000000 00 00000000", protocol.ErrCorrupt},
		{"too many values", empty + "4f555431 01100000", protocol.ErrLimit},
		{"values that are not there", empty + "4f555431 00100000", protocol.ErrTruncated},
		{"too many cursors", empty + "52433100 ffffffff", protocol.ErrLimit},
		{"cursors that are not there", empty + "52433100 00100000", protocol.ErrTruncated},
		{"a cursor that is longer than its frame", empty + "52433100 01000000 11000000" + empty + "00", protocol.ErrCorrupt},
		{"a cursor with a footer", empty + "52433100 01000000 18000000" + empty + "4f555431 00000000", protocol.ErrCorrupt},
		{"too long a frame", "4342444f 0100 0000 00000000 01000010", protocol.ErrLimit},
	} {
		_, err := protocol.ParseMessage(unhex(t, test.hex), protocol.Limits{})
		require.ErrorIs(t, err, test.want, test.name)
		requirePlace(t, err)
	}
}

func TestMessageErrorsSayWhere(t *testing.T) {
	data := unhex(t, "4d554c54 0200 0000 02000000 01 08000000 0000000000000000 09 00000000")
	_, err := protocol.ParseMessage(data, protocol.Limits{})
	require.EqualError(t, err, "protocol: result 2 at byte 25: damaged: tag 9")
}

func TestMessageLimits(t *testing.T) {
	data := vector(t, "06-set-and-count")
	for _, l := range []protocol.Limits{{Items: 2}, {Payload: 16}} {
		_, err := protocol.ParseMessage(data, l)
		require.NoError(t, err)
	}
	for _, l := range []protocol.Limits{{Items: 1}, {Payload: 15}} {
		_, err := protocol.ParseMessage(data, l)
		require.ErrorIs(t, err, protocol.ErrLimit)
	}
	_, err := protocol.ParseMessage(vector(t, "07-out"), protocol.Limits{Values: 2})
	require.ErrorIs(t, err, protocol.ErrLimit)
	_, err = protocol.ParseMessage(vector(t, "08-cursors"), protocol.Limits{Payload: 15})
	require.ErrorIs(t, err, protocol.ErrLimit)
}

func TestAppendMessageRefuses(t *testing.T) {
	empty := vector(t, "01-empty")
	for _, test := range []struct {
		message protocol.Message
		want    error
	}{
		{protocol.Message{Results: []protocol.Result{{Frame: empty[:15]}}}, protocol.ErrTruncated},
		{protocol.Message{Results: []protocol.Result{{Frame: append(bytes.Clone(empty), 0)}}}, protocol.ErrCorrupt},
		{protocol.Message{Results: []protocol.Result{{Count: 1}, {Frame: []byte{}}}}, protocol.ErrTruncated},
		{protocol.Message{Results: make([]protocol.Result, 16385)}, protocol.ErrLimit},
		{protocol.Message{Out: []protocol.Value{int32Value(math.MaxInt64)}}, protocol.ErrCorrupt},
		{protocol.Message{Out: make([]protocol.Value, 4097)}, protocol.ErrLimit},
		{protocol.Message{Cursors: [][]byte{empty[:3]}}, protocol.ErrTruncated},
		{protocol.Message{Cursors: make([][]byte, 4097)}, protocol.ErrLimit},
	} {
		data, err := test.message.Append([]byte("before"))
		require.ErrorIs(t, err, test.want)
		require.Equal(t, "before", string(data))
	}
}

// FuzzMessage: what is read is written again the same, but for footers without values
// and the old envelope, and those that is done to are then the same.
func FuzzMessage(f *testing.F) {
	for _, name := range []string{"01-empty", "02-rows", "03-columns", "04-zstd", "05-count", "06-set-and-count", "07-out", "08-cursors"} {
		f.Add(vector(f, name), false)
	}
	f.Add(vector(f, "06-set-and-count")[8:], true)
	f.Fuzz(func(t *testing.T, data []byte, legacy bool) {
		parse := protocol.ParseMessage
		if legacy {
			parse = protocol.ParseLegacyMessage
		}
		m, err := parse(data, protocol.Limits{})
		if err != nil {
			requirePlace(t, err)
			return
		}
		again, err := m.Append(nil)
		require.NoError(t, err)
		if !legacy && len(again) == len(data) {
			require.True(t, bytes.Equal(data, again))
		}
		same, err := protocol.ParseMessage(again, protocol.Limits{})
		require.NoError(t, err)
		twice, err := same.Append(nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(again, twice))
	})
}
