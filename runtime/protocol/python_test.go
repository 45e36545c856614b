package protocol_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

const vectorFiles = "../../testdata/protocol/"

// notResults are the vectors that do not say what they are.
var notResults = map[string]string{
	"09-values": "values", "11-error": "error", "12-bulk": "bulk", "13-bulk-timestamp": "bulk", "17-legacy": "legacy",
}

// TestPythonReadsVectors: the decoder that was written from doc/protocol.md alone
// prints what each vector says.
func TestPythonReadsVectors(t *testing.T) {
	names := vectorNames(t)
	inputs := make([]pythonInput, len(names))
	for i, name := range names {
		inputs[i] = pythonInput{formOf(name), hex.EncodeToString(bytesOf(t, name))}
	}
	for i, got := range pythonAll(t, inputs) {
		want, err := os.ReadFile(vectorFiles + names[i] + ".txt")
		require.NoError(t, err)
		require.Empty(t, got.Refused, names[i])
		if !got.Compressed {
			require.Equal(t, string(want), got.Printed, names[i])
		}
	}
}

func vectorNames(t *testing.T) []string {
	paths, err := filepath.Glob(vectorFiles + "*.hex")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 20)
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(path), ".hex")
	}
	return paths
}

func formOf(vector string) string { return cmp.Or(notResults[vector], "result") }

// pythonInput is the form of bytes and the bytes in hexadecimal.
type pythonInput [2]string

// pythonOutcome is what the decoder makes of an input.
type pythonOutcome struct {
	Printed    string
	Refused    string
	Compressed bool // it needs a newer Python, for zstd
}

// pythonAll lets the decoder read many inputs, since Python takes long to start.
func pythonAll(t *testing.T, inputs []pythonInput) (outcomes []pythonOutcome) {
	const program = `
import contextlib, io, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import decode
def outcome(form, data):
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            decode.FORMS[form](decode.Source(data))
    except decode.Refused as refused:
        return {"refused": str(refused)}
    except decode.Compressed:
        return {"compressed": True}
    return {"printed": out.getvalue()}
print(json.dumps([outcome(form, bytes.fromhex(data)) for form, data in json.load(sys.stdin)]))
`
	stdin, err := json.Marshal(inputs)
	require.NoError(t, err)
	decoder := exec.CommandContext(t.Context(), python3(t), "-c", program, vectorFiles)
	decoder.Stdin, decoder.Stderr = bytes.NewReader(stdin), os.Stderr
	out, err := decoder.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &outcomes))
	require.Len(t, outcomes, len(inputs))
	return outcomes
}

func python3(t *testing.T) string {
	path, err := exec.LookPath("python3")
	require.NoError(t, err, "install Python 3: make deps-test")
	return path
}

// wholeAt are the lengths at which a vector that is cut says something else that is whole.
var wholeAt = map[string][]int{
	"07-out": {16}, "08-cursors": {16},
	"09-values": {0, 5, 15, 24, 37, 46, 53},
	"15-stream": {21, 34},
}

// TestPythonRefuses: each vector that is cut, or has a byte more, and version 3 with any
// bit turned over.
func TestPythonRefuses(t *testing.T) {
	var inputs []pythonInput
	var what []string
	var taken []bool
	add := func(how, form string, data []byte, take bool) {
		inputs, what, taken = append(inputs, pythonInput{form, hex.EncodeToString(data)}), append(what, how), append(taken, take)
	}
	for _, name := range vectorNames(t) {
		data, form := bytesOf(t, name), formOf(name)
		for n := range len(data) {
			add(fmt.Sprintf("%s cut after %d bytes", name, n), form, data[:n], slices.Contains(wholeAt[name], n))
		}
		add(name+" with a byte more", form, append(bytes.Clone(data), 0), name == "11-error")
	}
	packed := bytesOf(t, "14-packed")
	for bit := range 8 * len(packed) {
		broken := bytes.Clone(packed)
		broken[bit/8] ^= 1 << (bit % 8)
		add(fmt.Sprintf("bit %d turned over", bit), "result", broken, false)
	}
	for i, got := range pythonAll(t, inputs) {
		require.Equal(t, taken[i], got.Refused == "" && !got.Compressed, what[i])
	}
}

func bytesOf(t *testing.T, name string) []byte {
	text, err := os.ReadFile(vectorFiles + name + ".hex")
	require.NoError(t, err)
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	data, err := hex.DecodeString(digits.String())
	require.NoError(t, err)
	return data
}

// TestVectorOfEveryKind: what was written by hand from doc/protocol.md is read here, and
// written again the same.
func TestVectorOfEveryKind(t *testing.T) {
	packed := bytesOf(t, "19-packed-kinds")
	b, err := new(protocol.Decoder).Decode(packed)
	require.NoError(t, err)
	again, err := protocol.Format{Version: protocol.Packed}.Append(nil, b)
	require.NoError(t, err)
	require.Equal(t, packed, again)
	again, err = protocol.Format{Version: protocol.RowMajor}.Append(nil, b)
	require.NoError(t, err)
	require.Equal(t, bytesOf(t, "18-kinds"), again)
}

// TestPythonReadsOurFrames: what is encoded here is read there, every kind in every
// version and compression. The frames of a format go as a stream of several results.
func TestPythonReadsOurFrames(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 3))
	batches := []printed{
		{batch: protocol.NewBatch(nil, 0)},
		printedKinds(random, 0, time.Microsecond),
		printedKinds(random, 8, time.Microsecond),
		printedKinds(random, 9, time.Nanosecond),
		printedKinds(random, 300, time.Nanosecond),
		printedOddities(),
	}
	for _, f := range []protocol.Format{
		{Version: protocol.RowMajor},
		{Version: protocol.Columnar}, {Version: protocol.Columnar, Compression: protocol.Zstd}, {Version: protocol.Columnar, Compression: protocol.LZ4},
		{Version: protocol.Packed}, {Version: protocol.Packed, Compression: protocol.Zstd}, {Version: protocol.Packed, Compression: protocol.LZ4},
	} {
		t.Run(fmt.Sprintf("version %d, compression %d", f.Version, f.Compression), func(t *testing.T) {
			var stream []byte
			var want strings.Builder
			for i, p := range batches {
				frame, err := f.Append(nil, p.batch)
				require.NoError(t, err, "batch %d", i)
				stream = binary.LittleEndian.AppendUint32(append(stream, 0), uint32(len(frame)))
				stream = append(stream, frame...)
				want.WriteString(p.in(f.Version))
			}
			if got, ok := python(t, stream); ok {
				require.Equal(t, want.String(), got)
			}
		})
	}
}

// TestPythonAgrees: of frames with some bytes changed, and checksums put right, both
// take the same and find the same rows.
func TestPythonAgrees(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 4))
	var inputs, again []pythonInput
	var frames [][]byte
	for _, name := range []string{"01-empty", "02-rows", "03-columns", "14-packed", "18-kinds", "19-packed-kinds"} {
		for range 100 {
			frame := changed(random, bytesOf(t, name))
			frames, inputs = append(frames, frame), append(inputs, pythonInput{"result", hex.EncodeToString(frame)})
		}
	}
	var rows []string
	for i, got := range pythonAll(t, inputs) {
		if got.Compressed || got.Refused == "a NULL is not zero" { // a reader need not look
			continue
		}
		b, err := new(protocol.Decoder).Decode(frames[i])
		require.Equal(t, got.Refused == "", err == nil, "%s %v: %s", inputs[i], err, got.Refused)
		if err != nil {
			continue
		}
		frame, err := protocol.Format{Version: protocol.Version(frames[i][4])}.Append(nil, b)
		require.NoError(t, err, inputs[i])
		rows, again = append(rows, rowsOf(got)), append(again, pythonInput{"result", hex.EncodeToString(frame)})
	}
	require.Greater(t, len(rows), 50)
	for i, got := range pythonAll(t, again) {
		require.Equal(t, rows[i], rowsOf(got))
	}
}

// changed returns frame with one or two bytes of other values. One of version 3 stays a
// last one with right checksums.
func changed(random *rand.Rand, frame []byte) []byte {
	for range 1 + random.IntN(2) {
		at := random.IntN(len(frame))
		frame[at] = oneOf(random, frame[at]^1<<random.IntN(8), byte(random.IntN(3)), frame[random.IntN(len(frame))])
	}
	if len(frame) > 48 && frame[4] == byte(protocol.Packed) {
		castagnoli := crc32.MakeTable(crc32.Castagnoli)
		frame[6] |= 1
		binary.LittleEndian.PutUint32(frame[36:], crc32.Checksum(frame[48:], castagnoli))
		binary.LittleEndian.PutUint32(frame[44:], crc32.Checksum(frame[:44], castagnoli))
	}
	return frame
}

// rowsOf leaves the first line out, which tells the number of earlier rows.
func rowsOf(of pythonOutcome) string {
	_, rows, _ := strings.Cut(of.Printed, "\n")
	return rows
}

// python returns what the decoder prints as a program, and false where it would need a
// newer Python.
func python(t *testing.T, stdin []byte) (string, bool) {
	decoder := exec.CommandContext(t.Context(), python3(t), vectorFiles+"decode.py")
	decoder.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	decoder.Stderr = &stderr
	out, err := decoder.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 3 {
		require.Contains(t, stderr.String(), "no compression.zstd")
		return "", false
	}
	require.NoError(t, err, "%s", &stderr)
	return string(out), true
}

// printed is a Batch with its rows as the decoder prints them.
type printed struct {
	batch *protocol.Batch
	rows  [][]string
}

// narrowed are the kinds in which versions 1 and 2 send those they do not know.
var narrowed = map[protocol.Kind]protocol.Kind{
	protocol.Int8: protocol.Int32, protocol.Uint8: protocol.Int32, protocol.Uint16: protocol.Int32,
	protocol.Uint32: protocol.Int64, protocol.Uint64: protocol.Decimal, protocol.XML: protocol.Text,
}

// in returns what is printed for a frame that is a whole result.
func (p printed) in(version protocol.Version) string { return p.part(version, 0, true) }

// part returns what is printed for a frame behind others.
func (p printed) part(version protocol.Version, first int64, last bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "frame %d rows %d", version, len(p.rows))
	if version == protocol.Packed {
		fmt.Fprintf(&b, " from %d", first)
		if last {
			b.WriteString(" last")
		}
	}
	b.WriteByte('\n')
	for i, c := range p.batch.Columns() {
		kind := c.Kind()
		if narrow, ok := narrowed[kind]; ok && version != protocol.Packed {
			kind = narrow
		}
		fmt.Fprintf(&b, "column %d %s %s\n", i, quoted(c.Name()), kind)
	}
	for _, row := range p.rows {
		b.WriteString(strings.Join(row, "\t") + "\n")
	}
	return b.String()
}

// printedKinds returns a Batch with a column of each kind, one cell in four NULL.
func printedKinds(random *rand.Rand, rows int, resolution time.Duration) printed {
	var specs []protocol.ColumnSpec
	for _, kind := range protocol.Kinds() {
		specs = append(specs, protocol.ColumnSpec{Name: kind.String() + " é\t", Kind: kind})
	}
	p := printed{batch: protocol.NewBatch(specs, 0)}
	for range rows {
		var row []string
		for _, c := range p.batch.Columns() {
			text := appendSome(c, random, resolution)
			if random.IntN(4) == 0 { // what was appended must not get out
				c.Indicators()[len(p.rows)], text = protocol.Null, "NULL"
			}
			row = append(row, text)
		}
		p.batch.EndRow()
		p.rows = append(p.rows, row)
	}
	return p
}

// appendSome appends a value to c and returns it as the decoder prints it.
func appendSome(c protocol.Column, random *rand.Rand, resolution time.Duration) string {
	switch c := c.(type) {
	case *protocol.Bools:
		v := random.IntN(2) == 0
		c.Append(v)
		return strconv.FormatBool(v)
	case *protocol.Numbers[int8]:
		return appendInteger(c, random)
	case *protocol.Numbers[int16]:
		return appendInteger(c, random)
	case *protocol.Numbers[int32]:
		return appendInteger(c, random)
	case *protocol.Numbers[int64]:
		return appendInteger(c, random)
	case *protocol.Numbers[uint8]:
		return appendInteger(c, random)
	case *protocol.Numbers[uint16]:
		return appendInteger(c, random)
	case *protocol.Numbers[uint32]:
		return appendInteger(c, random)
	case *protocol.Numbers[uint64]:
		return appendInteger(c, random)
	case *protocol.Numbers[float32]:
		return appendFloat(c, random, math.Float32frombits(random.Uint32()))
	case *protocol.Numbers[float64]:
		return appendFloat(c, random, math.Float64frombits(random.Uint64()))
	case *protocol.Texts:
		v := oneOf(random, "", "Al", "tab\t, \"quotes\", \\ and\nlines", "\x00 in it", "größer 東京 🐘", strings.Repeat("long ", 60))
		c.Append(v)
		return quoted(v)
	case *protocol.JSONs:
		v := oneOf(random, "null", `{"a": [1, 2.50, "ü"]}`, "0")
		c.Append(json.RawMessage(v))
		return quoted(v)
	case *protocol.Binaries:
		v := []byte(oneOf(random, "", "\x00", "\xff\x00\xfe", strings.Repeat("\x80", 200)))
		c.Append(v)
		return "0x" + hex.EncodeToString(v)
	case *protocol.Decimals:
		v := decimal.New(int64(random.Uint64()), -random.Int32N(20))
		c.Append(v)
		return v.StringFixed(-v.Exponent())
	case *protocol.Dates:
		v := someTime(random)
		c.Append(civil.DateOf(v))
		return v.Format(time.DateOnly)
	case *protocol.Times:
		v := someTime(random).Truncate(time.Microsecond)
		c.Append(civil.TimeOf(v))
		return v.Format("15:04:05.999999999")
	case *protocol.Timestamps:
		v := someTime(random).Truncate(resolution)
		c.Append(v)
		return v.Format("2006-01-02T15:04:05.999999999")
	case *protocol.UUIDs:
		var v uuid.UUID
		for i := range v {
			v[i] = byte(random.Uint32())
		}
		c.Append(v)
		return v.String()
	}
	panic(fmt.Sprintf("no values for %T", c))
}

func appendInteger[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](c *protocol.Numbers[T], random *rand.Rand) string {
	v := T(random.Uint64())
	c.Append(v)
	return fmt.Sprint(v)
}

func appendFloat[T float32 | float64](c *protocol.Numbers[T], random *rand.Rand, any T) string {
	v := oneOf(random, any, 0, T(math.Copysign(0, -1)), 1.5, 0.1, -1e15, 1e16, 1e-4, 1e-5, T(math.Inf(1)), T(math.Inf(-1)), T(math.NaN()))
	c.Append(v)
	return pythonFloat(float64(v))
}

// pythonFloat returns v as Python's repr has it.
func pythonFloat(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strings.ToLower(strings.TrimPrefix(fmt.Sprint(v), "+"))
	}
	scientific := strconv.FormatFloat(v, 'e', -1, 64)
	_, digits, _ := strings.Cut(scientific, "e")
	if exponent, _ := strconv.Atoi(digits); exponent < -4 || exponent >= 16 {
		return scientific
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func someTime(random *rand.Rand) time.Time {
	first, end := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	seconds := first.Unix() + random.Int64N(end.Unix()-first.Unix())
	return time.Unix(seconds, oneOf(random, 0, 500_000_000, random.Int64N(1e9), random.Int64N(1e9)/1000*1000)).UTC()
}

func oneOf[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

func quoted(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}

// printedOddities returns a row of cells that databases give and that are not in the form of
// their kind.
func printedOddities() printed {
	cells := []struct {
		kind    protocol.Kind
		text    string
		printed string
	}{
		{protocol.Time, "838:59:59", `"838:59:59"`},
		{protocol.Time, "12:00:00.100", "12:00:00.1"},
		{protocol.UUID, "6F9619FF-8B86-D011-B42D-00C04FC964FF", `"6F9619FF-8B86-D011-B42D-00C04FC964FF"`},
		{protocol.Money, "-$1,234.50", `"-$1,234.50"`},
		{protocol.Decimal, "NaN", `"NaN"`},
		{protocol.Date, "", "0000-00-00"},
		{protocol.Timestamp, "", "0000-00-00T00:00:00"},
	}
	var specs []protocol.ColumnSpec
	for _, cell := range cells {
		specs = append(specs, protocol.ColumnSpec{Kind: cell.kind})
	}
	p := printed{batch: protocol.NewBatch(specs, 1), rows: [][]string{nil}}
	p.batch.SetRows(1, 0)
	for i, cell := range cells {
		if column, ok := p.batch.Columns()[i].(interface{ Lend([]byte) }); ok {
			column.Lend([]byte(cell.text))
		}
		p.rows[0] = append(p.rows[0], cell.printed)
	}
	return p
}
