package driver

// Direction says which way the value of a procedure's parameter goes.
type Direction uint8

// The directions.
const (
	In     Direction = iota + 1
	Out              // only back
	InOut            // there and back
	Return           // what a function, or a procedure's return status, gives
	Cursor           // a REF CURSOR, whose rows are a result set
)
