package main

import (
	"bytes"
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// record returns the block as a record batch of Arrow.
func (s frameShape) record() arrow.RecordBatch {
	to := s.builder()
	defer to.Release()
	return s.build(to, s.batch())
}

func (s frameShape) builder() *array.RecordBuilder {
	var fields []arrow.Field
	for _, spec := range s.specs {
		fields = append(fields, arrow.Field{Name: spec.Name, Type: arrowTypes[spec.Kind], Nullable: strings.HasSuffix(spec.Name, "?")})
	}
	return array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
}

// build copies the cells, column by column.
func (s frameShape) build(to *array.RecordBuilder, b *protocol.Batch) arrow.RecordBatch {
	to.Reserve(b.Len())
	for i, c := range b.Columns() {
		switch field := to.Field(i).(type) {
		case *array.Int64Builder:
			field.AppendValues(b.Int64(i).Cells, nil)
		case *array.Int32Builder:
			field.AppendValues(b.Int32(i).Cells, nil)
		case *array.Int16Builder:
			field.AppendValues(b.Int16(i).Cells, nil)
		case *array.Float64Builder:
			field.AppendValues(b.Float64(i).Cells, nil)
		case *array.TimestampBuilder:
			for row := range b.Len() {
				field.UnsafeAppend(arrow.Timestamp(b.Timestamp(i).At(row).UnixMicro()))
			}
		case *array.StringBuilder:
			for row := range b.Len() {
				if text := c.(*protocol.Texts).Bytes(row); text != nil {
					field.BinaryBuilder.Append(text)
				} else {
					field.AppendNull()
				}
			}
		}
	}
	return to.NewRecordBatch()
}

var arrowTypes = map[protocol.Kind]arrow.DataType{
	protocol.Int64: arrow.PrimitiveTypes.Int64, protocol.Int32: arrow.PrimitiveTypes.Int32, protocol.Int16: arrow.PrimitiveTypes.Int16,
	protocol.Float64: arrow.PrimitiveTypes.Float64, protocol.Timestamp: arrow.FixedWidthTypes.Timestamp_us, protocol.Text: arrow.BinaryTypes.String,
}

func (c frameCase) arrowOptions(schema *arrow.Schema) []ipc.Option {
	options := []ipc.Option{ipc.WithSchema(schema)}
	if c.format.Compression == protocol.Zstd {
		options = append(options, ipc.WithZstd())
	}
	return options
}

// arrowStream returns a stream of n blocks, and how many bytes of it come before.
func (c frameCase) arrowStream(n int) (stream []byte, schema int, err error) {
	record := c.shape.record()
	defer record.Release()
	var out, empty bytes.Buffer
	w := ipc.NewWriter(&out, c.arrowOptions(record.Schema())...)
	for range n {
		if err := w.Write(record); err != nil {
			return nil, 0, err
		}
	}
	err = ipc.NewWriter(&empty, c.arrowOptions(record.Schema())...).Close() // schema and end
	return out.Bytes(), empty.Len() - 8, err
}

// encodeArrow begins with the slots of a cursor, too: it makes the record batch each time.
func encodeArrow(c frameCase) (work, error) {
	builder, block := c.shape.builder(), c.shape.batch()
	return c.encodeArrow(func() arrow.RecordBatch { return c.shape.build(builder, block) })
}

// relayArrow begins with a record batch.
func relayArrow(c frameCase) (work, error) {
	record := c.shape.record()
	return c.encodeArrow(func() arrow.RecordBatch {
		record.Retain()
		return record
	})
}

func (c frameCase) encodeArrow(next func() arrow.RecordBatch) (work, error) {
	var out bytes.Buffer
	w := ipc.NewWriter(&out, c.arrowOptions(c.shape.builder().Schema())...)
	return func(_ context.Context, sum *checksum) error {
		for range frameCount {
			out.Reset()
			record := next()
			err := w.Write(record)
			record.Release()
			if err != nil {
				return err
			}
			sum.rows += frameRows
		}
		return nil
	}, nil
}

func decodeArrow(c frameCase) (work, error) { return c.decodeArrow(false) }

func readArrow(c frameCase) (work, error) { return c.decodeArrow(true) }

func (c frameCase) decodeArrow(read bool) (work, error) {
	stream, _, err := c.arrowStream(frameCount)
	return func(_ context.Context, sum *checksum) error {
		r, err := ipc.NewReader(bytes.NewReader(stream))
		if err != nil {
			return err
		}
		defer r.Release()
		for r.Next() {
			record := r.RecordBatch()
			sum.rows += uint64(record.NumRows())
			if read {
				c.shape.sumArrow(record, sum)
			}
		}
		return r.Err()
	}, err
}

// sumArrow touches every value of the record batch.
func (s frameShape) sumArrow(record arrow.RecordBatch, sum *checksum) {
	for _, column := range record.Columns() {
		rows := column.Len()
		switch c := column.(type) {
		case *array.Int64:
			for row := range rows {
				sum.ints += uint64(c.Value(row))
			}
		case *array.Int32:
			for row := range rows {
				sum.ints += uint64(int64(c.Value(row)))
			}
		case *array.Int16:
			for row := range rows {
				sum.ints += uint64(int64(c.Value(row)))
			}
		case *array.Float64:
			for row := range rows {
				sum.addDoubles(c.Value(row))
			}
		case *array.Timestamp:
			for row := range rows {
				sum.addTime(c.Value(row).ToTime(arrow.Microsecond))
			}
		case *array.String:
			sumArrowTexts(c, sum)
		}
	}
}

func sumArrowTexts(c *array.String, sum *checksum) {
	for row := range c.Len() {
		if c.IsNull(row) {
			sum.nulls++
			continue
		}
		sum.text += bytesOf(c.Value(row))
	}
}
