package tdsserver_test

import (
	"database/sql"
	"encoding/json"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// cell is a value of a batch.
func cell(b *protocol.Batch, column int, kind protocol.Kind, row int) any {
	switch kind {
	case protocol.Bool:
		return b.Bool(column).At(row)
	case protocol.Uint8:
		return b.Uint8(column).At(row)
	case protocol.Int16:
		return b.Int16(column).At(row)
	case protocol.Int32:
		return b.Int32(column).At(row)
	case protocol.Int64:
		return b.Int64(column).At(row)
	case protocol.Float32:
		return b.Float32(column).At(row)
	case protocol.Float64:
		return b.Float64(column).At(row)
	case protocol.Decimal, protocol.Money:
		return b.Decimal(column).At(row).String()
	case protocol.Date:
		return b.Date(column).At(row)
	case protocol.Time:
		return b.Time(column).At(row)
	case protocol.Timestamp, protocol.DateTimeOffset:
		return b.Timestamp(column).At(row)
	case protocol.UUID:
		return b.UUID(column).At(row)
	case protocol.Binary:
		return b.Binary(column).At(row)
	}
	return b.Text(column).At(row)
}

// null is a NULL of a kind.
type null protocol.Kind

// appendRow appends a row of values of any kinds.
func appendRow(b *protocol.Batch, row []any) {
	for i, v := range row {
		switch v := v.(type) {
		case null:
			appendNull(b, i, protocol.Kind(v))
		case bool:
			b.Bool(i).Append(v)
		case int8:
			b.Int8(i).Append(v)
		case uint8:
			b.Uint8(i).Append(v)
		case uint16:
			b.Uint16(i).Append(v)
		case uint32:
			b.Uint32(i).Append(v)
		case uint64:
			b.Uint64(i).Append(v)
		case int16:
			b.Int16(i).Append(v)
		case int32:
			b.Int32(i).Append(v)
		case int64:
			b.Int64(i).Append(v)
		case float32:
			b.Float32(i).Append(v)
		case float64:
			b.Float64(i).Append(v)
		case decimal.Decimal:
			b.Decimal(i).Append(v)
		case civil.Date:
			b.Date(i).Append(v)
		case civil.Time:
			b.Time(i).Append(v)
		case time.Time:
			b.Timestamp(i).Append(v)
		case uuid.UUID:
			b.UUID(i).Append(v)
		case []byte:
			b.Binary(i).Append(v)
		case string:
			appendText(b, i, v)
		}
	}
}

func appendText(b *protocol.Batch, i int, text string) {
	if b.Columns()[i].Kind() == protocol.JSON {
		b.JSON(i).Append(json.RawMessage(text))
		return
	}
	b.Text(i).Append(text)
}

func appendNull(b *protocol.Batch, i int, kind protocol.Kind) {
	switch kind {
	case protocol.Int64:
		b.Int64(i).AppendNull(sql.Null[int64]{})
	case protocol.Int32:
		b.Int32(i).AppendNull(sql.Null[int32]{})
	case protocol.Uint8:
		b.Uint8(i).AppendNull(sql.Null[uint8]{})
	case protocol.Int16:
		b.Int16(i).AppendNull(sql.Null[int16]{})
	case protocol.Float32:
		b.Float32(i).AppendNull(sql.Null[float32]{})
	case protocol.Time:
		b.Time(i).AppendNull(sql.Null[civil.Time]{})
	case protocol.UUID:
		b.UUID(i).AppendNull(sql.Null[uuid.UUID]{})
	case protocol.Bool:
		b.Bool(i).AppendNull(sql.Null[bool]{})
	case protocol.Float64:
		b.Float64(i).AppendNull(sql.Null[float64]{})
	case protocol.Decimal, protocol.Money:
		b.Decimal(i).AppendNull(sql.Null[decimal.Decimal]{})
	case protocol.Date:
		b.Date(i).AppendNull(sql.Null[civil.Date]{})
	case protocol.Timestamp:
		b.Timestamp(i).AppendNull(sql.Null[time.Time]{})
	case protocol.Binary:
		b.Binary(i).AppendNull(sql.Null[[]byte]{})
	default:
		b.Text(i).AppendNull(sql.Null[string]{})
	}
}
