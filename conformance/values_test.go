package conformance_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// row is a row of any kinds; nil is NULL.
type row []any

// query is for rows of the kinds, with parameters of others.
func query(sql string, params []protocol.Kind, columns ...protocol.Kind) *runtime.Query[row, row] {
	q := &runtime.Query[row, row]{Name: "Query", SQL: sql, Params: paramsOf(params), Encode: encode(params)}
	for i, kind := range columns {
		q.Columns = append(q.Columns, runtime.Column{Name: fmt.Sprintf("c%d", i+1), Kind: kind, Null: true})
	}
	q.Decode = func(rows []row, b *protocol.Batch) {
		for i := range rows {
			rows[i] = make(row, len(columns))
			for k, kind := range columns {
				rows[i][k] = cells[kind].at(b, k, i)
			}
		}
	}
	return q
}

// command is a statement with parameters of the kinds.
func command(sql string, params ...protocol.Kind) *runtime.Command[row] {
	return &runtime.Command[row]{Name: "Command", SQL: sql, Params: paramsOf(params), Encode: encode(params)}
}

// bulk inserts into columns c1, c2 and so on, of the kinds.
func bulk(table string, names []string, kinds ...protocol.Kind) *runtime.Bulk[row] {
	b := &runtime.Bulk[row]{Name: "Bulk", Table: table, Encode: encode(kinds)}
	for i, kind := range kinds {
		b.Columns = append(b.Columns, runtime.Column{Name: names[i], Kind: kind, Null: true})
	}
	return b
}

func paramsOf(kinds []protocol.Kind) (params []runtime.Param) {
	for i, kind := range kinds {
		params = append(params, runtime.Param{Name: fmt.Sprintf("p%d", i+1), Kind: kind})
	}
	return params
}

func encode(kinds []protocol.Kind) func(*protocol.Batch, row) {
	return func(b *protocol.Batch, r row) {
		for i, kind := range kinds {
			cells[kind].add(b, i, r[i])
		}
	}
}

// cell is a way into a Batch and out of it.
type cell struct {
	add func(b *protocol.Batch, column int, value any)
	at  func(b *protocol.Batch, column, row int) any
}

// column is what the columns of all kinds have in common.
type column[T any] interface {
	AppendNull(sql.Null[T])
	Null(int) sql.Null[T]
}

func cellOf[T any, C column[T]](pick func(*protocol.Batch, int) C) cell {
	return cell{
		add: func(b *protocol.Batch, column int, value any) {
			v, valid := value.(T)
			pick(b, column).AppendNull(sql.Null[T]{V: v, Valid: valid})
		},
		at: func(b *protocol.Batch, column, row int) any {
			if v := pick(b, column).Null(row); v.Valid {
				return v.V
			}
			return nil
		},
	}
}

var (
	decimals = cellOf((*protocol.Batch).Decimal)
	texts    = cellOf((*protocol.Batch).Text)
	moments  = cellOf((*protocol.Batch).Timestamp)
)

var cells = map[protocol.Kind]cell{
	protocol.Bool: cellOf((*protocol.Batch).Bool),
	protocol.Int8: cellOf((*protocol.Batch).Int8), protocol.Int16: cellOf((*protocol.Batch).Int16),
	protocol.Int32: cellOf((*protocol.Batch).Int32), protocol.Int64: cellOf((*protocol.Batch).Int64),
	protocol.Uint8: cellOf((*protocol.Batch).Uint8), protocol.Uint16: cellOf((*protocol.Batch).Uint16),
	protocol.Uint32: cellOf((*protocol.Batch).Uint32), protocol.Uint64: cellOf((*protocol.Batch).Uint64),
	protocol.Float32: cellOf((*protocol.Batch).Float32), protocol.Float64: cellOf((*protocol.Batch).Float64),
	protocol.Decimal: decimals, protocol.Money: decimals,
	protocol.Text: texts, protocol.NText: texts, protocol.XML: texts, protocol.Interval: texts,
	protocol.JSON: cellOf((*protocol.Batch).JSON), protocol.UUID: cellOf((*protocol.Batch).UUID),
	protocol.Binary: cellOf((*protocol.Batch).Binary),
	protocol.Date:   cellOf((*protocol.Batch).Date), protocol.Time: cellOf((*protocol.Batch).Time),
	protocol.Timestamp: moments, protocol.TimestampTZ: moments, protocol.DateTimeOffset: moments,
}

// shown writes a value so that equal ones are equal texts.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return fmt.Sprintf("%x", v)
	case json.RawMessage:
		return strings.ReplaceAll(string(v), " ", "")
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999999")
	case decimal.Decimal:
		return v.String()
	}
	return fmt.Sprint(v)
}

// of returns a type with values, of the kind that their Go type has first.
func of(sql string, values ...any) typed {
	kinds := map[string]protocol.Kind{
		"bool": protocol.Bool, "int8": protocol.Int8, "int16": protocol.Int16, "int32": protocol.Int32, "int64": protocol.Int64,
		"uint8": protocol.Uint8, "uint16": protocol.Uint16, "uint32": protocol.Uint32, "uint64": protocol.Uint64,
		"float32": protocol.Float32, "float64": protocol.Float64, "decimal.Decimal": protocol.Decimal, "string": protocol.Text,
		"[]uint8": protocol.Binary, "civil.Date": protocol.Date, "civil.Time": protocol.Time, "time.Time": protocol.Timestamp,
		"json.RawMessage": protocol.JSON, "uuid.UUID": protocol.UUID,
	}
	kind := kinds[fmt.Sprintf("%T", values[0])]
	return typed{sql: sql, kind: kind, told: kind, values: values}
}

// as is the same of another kind.
func (t typed) as(kind protocol.Kind) typed {
	t.kind, t.told = kind, kind
	return t
}

// toldAs says that the driver describes it as another kind.
func (t typed) toldAs(kind protocol.Kind) typed {
	t.told = kind
	return t
}

// hidden says that the driver has no name for it.
func (t typed) hidden() typed { return t.toldAs(protocol.Invalid) }

// The values of the tables.
var (
	number   = decimal.RequireFromString
	someJSON = json.RawMessage(`{"a": [1, null, "😀"]}`)
	guid     = uuid.MustParse("0b6d5d5b-7a9d-4f43-8d2a-6a1f00ff10e7")
)

func day(year int, month time.Month, day int) civil.Date {
	return civil.Date{Year: year, Month: month, Day: day}
}

func clock(hour, minute, second, micro int) civil.Time {
	return civil.Time{Hour: hour, Minute: minute, Second: second, Nanosecond: micro * 1000}
}

func moment(text string) time.Time {
	v, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return v
}
