package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Frames of results: rows of a block to bytes and back. There is no database in it,
// so it is done once, beside those of SQLite. The floor copies the bytes of our frame,
// not compressed, in memory that no cache holds; a peer is Arrow's stream of record
// batches.
const (
	framePrefix = "frame-"
	frameRows   = 4096 // as a block of a cursor has at most
	frameCount  = 32   // frames one behind another
)

// frameForms are the ways in which frames are written, by what they add to the name of
// a scenario.
var frameForms = []struct {
	suffix string
	format protocol.Format
}{
	{"", protocol.Format{Version: protocol.Packed}},
	{"-zstd", protocol.Format{Version: protocol.Packed, Compression: protocol.Zstd}},
	{"-v1", protocol.Format{Version: protocol.RowMajor}},
	{"-v2", protocol.Format{Version: protocol.Columnar}},
}

// frames encode blocks as a cursor leaves them, relay those that each has in its own
// form already, decode them into typed columns, and read every value of those.
func frames(rounds int) (all []scenario) {
	for _, form := range frameForms {
		peers := form.format.Version == protocol.Packed
		for _, shape := range frameShapes {
			c := frameCase{shape, form.format}
			all = append(all,
				c.scenario("encode", form.suffix, rounds, counted, encodeOurs, encodeArrow),
				c.scenario("decode", form.suffix, rounds, counted, decodeOurs, decodeArrow))
			if peers {
				all = append(all,
					c.scenario("relay", form.suffix, rounds, counted, relayOurs, relayArrow),
					c.scenario("read", form.suffix, rounds, shape.read, readOurs, readArrow))
			}
		}
	}
	return all
}

// frameCase is a block and the form of its frame.
type frameCase struct {
	shape  frameShape
	format protocol.Format
}

func (c frameCase) scenario(verb, suffix string, rounds int, want func(rows int) func() checksum, ourWork, arrowWork func(frameCase) (work, error)) scenario {
	rows := frameRows * frameCount * rounds
	s := scenario{
		name: framePrefix + verb + "-" + c.shape.name + suffix, unit: "rows/s", drivers: []string{"sqlite"},
		size: size{rows, 1, rows}, want: want(rows), bytes: c.bytes,
	}
	sums := want(frameRows * frameCount)
	for i, open := range []func(frameCase) (work, error){ourWork, copying(beyondCache, sums), copying(0, sums), arrowWork} {
		s.contenders = append(s.contenders, contender{name: frameOrder[i], open: func(context.Context, task) (work, error) {
			once, err := open(c)
			return func(ctx context.Context, sum *checksum) error {
				for range rounds {
					if err := once(ctx, sum); err != nil {
						return err
					}
				}
				return nil
			}, err
		}})
	}
	if c.format.Version != protocol.Packed {
		return s.without("arrow")
	}
	return s
}

// bytes returns how large frames are, in bytes a row.
func (c frameCase) bytes() (map[string]float64, error) {
	frame, err := c.frame()
	if err != nil {
		return nil, err
	}
	sizes := map[string]float64{ours: float64(len(frame)) / frameRows}
	if c.format.Version == protocol.Packed {
		stream, schema, err := c.arrowStream(1)
		if err != nil {
			return nil, err
		}
		sizes["arrow"] = float64(len(stream)-schema) / frameRows
	}
	return sizes, nil
}

// frame returns the block as a frame.
func (c frameCase) frame() ([]byte, error) { return c.format.Append(nil, c.shape.batch()) }

// encodeOurs begins with the slots of a cursor.
func encodeOurs(c frameCase) (work, error) { return c.encodeOurs(c.shape.batch(), nil) }

// relayOurs begins with what a Decoder made of such a frame.
func relayOurs(c frameCase) (work, error) {
	frame, err := c.frame()
	if err != nil {
		return nil, err
	}
	return c.encodeOurs(new(protocol.Decoder).Decode(frame))
}

func (c frameCase) encodeOurs(block *protocol.Batch, err error) (work, error) {
	var out []byte
	return func(_ context.Context, sum *checksum) error {
		for range frameCount {
			var err error
			if out, err = c.format.Append(out[:0], block); err != nil {
				return err
			}
			sum.rows += frameRows
		}
		return nil
	}, err
}

func decodeOurs(c frameCase) (work, error) { return c.decodeOurs(false) }

func readOurs(c frameCase) (work, error) { return c.decodeOurs(true) }

func (c frameCase) decodeOurs(read bool) (work, error) {
	frame, err := c.frame()
	stream := slices.Repeat(frame, frameCount)
	var d protocol.Decoder
	return func(_ context.Context, sum *checksum) error {
		for rest := stream; len(rest) > 0; rest = rest[len(frame):] {
			b, err := d.Decode(rest[:len(frame):len(frame)])
			if err != nil {
				return err
			}
			sum.rows += uint64(b.Len())
			if read {
				c.shape.sum(b, sum)
			}
		}
		return nil
	}, err
}

// copying returns what copies as many bytes as our frame has when it is not compressed,
// from and to so much memory in turn, and says what the others would have come to.
func copying(memory int, others func() checksum) func(frameCase) (work, error) {
	return func(c frameCase) (work, error) {
		c.format.Compression = protocol.Uncompressed
		frame, err := c.frame()
		if err != nil {
			return nil, err
		}
		from := slices.Repeat(frame, memory/len(frame)+1)
		to, at, sums := bytes.Clone(from), 0, others()
		return func(_ context.Context, sum *checksum) error {
			for range frameCount {
				at = (at + copy(to[at:], from[at:at+len(frame)])) % len(from)
			}
			sum.add(sums)
			return nil
		}, nil
	}
}

// beyondCache is more memory than the caches of most machines have for one core.
const beyondCache = 64 << 20

// frameShape is a block of rows. Columns of all shapes are of a few kinds, and texts
// can be NULL only where the name of the column ends in a question mark.
type frameShape struct {
	name  string
	specs []protocol.ColumnSpec
}

var frameShapes = []frameShape{
	{"numeric", []protocol.ColumnSpec{{Name: "a", Kind: protocol.Int64}, {Name: "b", Kind: protocol.Int32}, {Name: "c", Kind: protocol.Float64}, {Name: "d", Kind: protocol.Int16}}},
	{"text", []protocol.ColumnSpec{{Name: "a", Kind: protocol.Text, Width: 60}, {Name: "b", Kind: protocol.Text, Width: 60}, {Name: "c?", Kind: protocol.Text, Width: 60}}},
	{"mixed", []protocol.ColumnSpec{
		{Name: "id", Kind: protocol.Int64}, {Name: "name", Kind: protocol.Text, Width: 30}, {Name: "price", Kind: protocol.Float64},
		{Name: "at", Kind: protocol.Timestamp}, {Name: "note?", Kind: protocol.Text, Width: 60},
	}},
}

// batch returns the block, in slots.
func (s frameShape) batch() *protocol.Batch {
	random := rand.New(rand.NewPCG(1, 2))
	b := protocol.NewBatch(s.specs, frameRows)
	b.SetRows(frameRows, 0)
	for i, spec := range s.specs {
		for row := range frameRows {
			switch spec.Kind {
			case protocol.Int64:
				b.Int64(i).Cells[row] = 1_000_000_007 * int64(row) % 99_999_989
			case protocol.Int32:
				b.Int32(i).Cells[row] = random.Int32N(100_000)
			case protocol.Int16:
				b.Int16(i).Cells[row] = int16(random.IntN(1000))
			case protocol.Float64:
				b.Float64(i).Cells[row] = float64(random.IntN(1_000_000)) / 4
			case protocol.Timestamp:
				b.Timestamp(i).Cells[row] = protocol.TimestampCell{
					Year: 2020 + int16(random.IntN(6)), Month: 1 + uint16(random.IntN(12)), Day: 1 + uint16(random.IntN(28)),
					Hour: uint16(random.IntN(24)), Minute: uint16(random.IntN(60)), Second: uint16(random.IntN(60)), Fraction: 1000 * random.Uint32N(1e6),
				}
			case protocol.Text:
				fillText(random, b.Columns()[i].(*protocol.Texts), row, spec)
			}
		}
	}
	return b
}

// fillText fills a slot with words, of some 8 bytes to all of its width, or leaves it
// NULL.
func fillText(random *rand.Rand, c *protocol.Texts, row int, spec protocol.ColumnSpec) {
	if strings.HasSuffix(spec.Name, "?") && random.IntN(5) == 0 {
		c.Indicators()[row] = protocol.Null
		return
	}
	data, width := c.Slots()
	text := ""
	for length := 8 + random.IntN(width-7); len(text) < length; {
		text += frameWords[random.IntN(len(frameWords))] + " "
		if random.IntN(4) == 0 {
			text += fmt.Sprint(random.IntN(10_000), " ")
		}
		text = text[:min(len(text), length)]
	}
	copy(data[row*width:], text)
	c.Indicators()[row] = int64(len(text))
}

var frameWords = strings.Fields(`order shipped to customer after review pending payment received street north avenue garden
	blue large returned by courier invoice number late partial delivery confirmed phone call with manager discount applied winter sale
	warehouse stock refund issued address changed gift wrapped express standard international tracking lost found damaged replaced`)

// read returns what every value of so many rows comes to.
func (s frameShape) read(rows int) func() checksum {
	return func() checksum {
		var sum checksum
		s.sum(s.batch(), &sum)
		sum = sum.times(rows / frameRows)
		sum.rows = uint64(rows)
		return sum
	}
}

// sum touches every value of the block.
func (s frameShape) sum(b *protocol.Batch, sum *checksum) {
	for i, spec := range s.specs {
		switch spec.Kind {
		case protocol.Int64:
			sumNumbers(b.Int64(i), sum)
		case protocol.Int32:
			sumNumbers(b.Int32(i), sum)
		case protocol.Int16:
			sumNumbers(b.Int16(i), sum)
		case protocol.Float64:
			for c, row := b.Float64(i), 0; row < b.Len(); row++ {
				sum.addDoubles(c.At(row))
			}
		case protocol.Timestamp:
			for c, row := b.Timestamp(i), 0; row < b.Len(); row++ {
				sum.addTime(c.At(row))
			}
		case protocol.Text:
			sumTexts(b.Text(i), b.Len(), strings.HasSuffix(spec.Name, "?"), sum)
		}
	}
}

func sumNumbers[T int16 | int32 | int64](c *protocol.Numbers[T], sum *checksum) {
	for row := range c.Cells {
		sum.ints += uint64(int64(c.At(row)))
	}
}

func sumTexts(c *protocol.Texts, rows int, nullable bool, sum *checksum) {
	for row := range rows {
		if nullable {
			sum.addNullText(c.Null(row))
		} else {
			sum.text += bytesOf(c.At(row))
		}
	}
}
