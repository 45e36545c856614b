package protocol_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// BenchmarkCopy is the measure for the others: memory copied, of the size of a frame.
func BenchmarkCopy(b *testing.B) {
	for _, name := range []string{"numeric", "text", "mixed"} {
		frame, _ := formats["v1"].Append(nil, benchBatch(name))
		b.Run(name, func(b *testing.B) {
			to := make([]byte, len(frame))
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				copy(to, frame)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	eachFrame(b, func(b *testing.B, f protocol.Format, batch *protocol.Batch, frame []byte) {
		for b.Loop() {
			if _, err := f.Append(frame[:0], batch); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	eachFrame(b, func(b *testing.B, _ protocol.Format, _ *protocol.Batch, frame []byte) {
		var d protocol.Decoder
		for b.Loop() {
			if _, err := d.Decode(frame); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func eachFrame(b *testing.B, run func(b *testing.B, f protocol.Format, batch *protocol.Batch, frame []byte)) {
	for _, name := range []string{"numeric", "floats", "text", "mixed"} {
		batch := benchBatch(name)
		for _, version := range []string{"v1", "v2", "v2-zstd", "v2-lz4"} {
			f := formats[version]
			whole, err := protocol.Format{Version: f.Version}.Append(nil, batch)
			if err != nil {
				b.Fatal(err)
			}
			frame, err := f.Append(nil, batch)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(name+"/"+version, func(b *testing.B) {
				b.SetBytes(int64(len(whole))) // before compression
				b.ReportAllocs()
				run(b, f, batch, frame)
			})
		}
	}
}

// benchBatch returns 4,096 rows: numbers, three texts, or some of each, with NULLs.
func benchBatch(name string) *protocol.Batch {
	specs := map[string][]protocol.ColumnSpec{
		"numeric": {{Name: "a", Kind: protocol.Int64}, {Name: "b", Kind: protocol.Int32}, {Name: "c", Kind: protocol.Int64}},
		"floats":  {{Name: "a", Kind: protocol.Float64}, {Name: "b", Kind: protocol.Int16}},
		"text":    {{Name: "a", Kind: protocol.Text}, {Name: "b", Kind: protocol.Text}, {Name: "c", Kind: protocol.NText}},
		"mixed":   {{Name: "a", Kind: protocol.Int64}, {Name: "b", Kind: protocol.Text}, {Name: "c", Kind: protocol.Float64}, {Name: "d", Kind: protocol.Timestamp}, {Name: "e", Kind: protocol.Text}},
	}[name]
	b := protocol.NewBatch(specs, 0)
	for n := range 4096 {
		for i, c := range b.Columns() {
			switch c := c.(type) {
			case *protocol.Numbers[int64]:
				c.Append(int64(n) * 1_000_003)
			case *protocol.Numbers[int32]:
				c.AppendNull(sql.Null[int32]{V: int32(n), Valid: n%10 != 0})
			case *protocol.Numbers[int16]:
				c.Append(int16(n))
			case *protocol.Numbers[float64]:
				c.Append(float64(n) / 7)
			case *protocol.Timestamps:
				c.Append(time.Date(2026, 2, 15, 13, 14, n%60, n*1000, time.UTC))
			case *protocol.Texts:
				c.AppendNull(sql.Null[string]{V: fmt.Sprintf("row %d of column %s", n, strings.Repeat("text ", (n+i)%9)), Valid: i != 4 || n%5 != 0})
			}
		}
		b.EndRow()
	}
	return b
}
