//go:build cgo || windows

package sys

// Return codes.
const (
	Success         Return = 0
	SuccessWithInfo Return = 1
	StillExecuting  Return = 2
	NeedData        Return = 99
	NoData          Return = 100
	Error           Return = -1
	InvalidHandle   Return = -2
)

// Handle types.
const (
	HandleEnv  int16 = 1
	HandleDBC  int16 = 2
	HandleStmt int16 = 3
)

// SQL type codes.
const (
	TypeUnknown       int16 = 0
	TypeChar          int16 = 1
	TypeNumeric       int16 = 2
	TypeDecimal       int16 = 3
	TypeInteger       int16 = 4
	TypeSmallInt      int16 = 5
	TypeFloat         int16 = 6
	TypeReal          int16 = 7
	TypeDouble        int16 = 8
	TypeVarchar       int16 = 12
	TypeDate          int16 = 91
	TypeTime          int16 = 92
	TypeTimestamp     int16 = 93
	TypeLongVarchar   int16 = -1
	TypeBinary        int16 = -2
	TypeVarbinary     int16 = -3
	TypeLongVarbinary int16 = -4
	TypeBigInt        int16 = -5
	TypeTinyInt       int16 = -6
	TypeBit           int16 = -7
	TypeWChar         int16 = -8
	TypeWVarchar      int16 = -9
	TypeWLongVarchar  int16 = -10
	TypeGUID          int16 = -11
)

// C type codes.
const (
	CChar      int16 = 1
	CFloat     int16 = 7
	CDouble    int16 = 8
	CBit       int16 = -7
	CSTinyInt  int16 = -26
	CUTinyInt  int16 = -28
	CSShort    int16 = -15
	CUShort    int16 = -17
	CSLong     int16 = -16
	CULong     int16 = -18
	CSBigInt   int16 = -25
	CUBigInt   int16 = -27
	CBinary    int16 = -2
	CDate      int16 = 91
	CTimestamp int16 = 93
)

// Directions of a parameter.
const (
	ParamInput  int16 = 1
	ParamInOut  int16 = 2
	ParamOutput int16 = 4
)

// Indicators beside the length of a cell.
const (
	Null    int64 = -1 // SQL_NULL_DATA
	NoTotal int64 = -4 // SQL_NO_TOTAL: longer than the buffer, by how much is unknown
)

// AtExecution is the indicator SQL_LEN_DATA_AT_EXEC: the value is sent during the
// execution, and has that length. The length is needed only where the driver
// says so, see InfoNeedLongDataLen.
func AtExecution(length int64) int64 { return -100 - length }

// Nullability of a column or parameter.
const (
	NoNulls         int16 = 0
	Nullable        int16 = 1
	NullableUnknown int16 = 2
)

// Options of FreeStmt.
const (
	FreeClose       uint16 = 0
	FreeUnbind      uint16 = 2
	FreeResetParams uint16 = 3
)

// Completion types of EndTran.
const (
	Commit   int16 = 0
	Rollback int16 = 1
)

// Attributes of environments, connections and statements.
const (
	AttrODBCVersion     int32 = 200
	AttrAutocommit      int32 = 102
	AttrLoginTimeout    int32 = 103
	AttrConnectionDead  int32 = 1209
	AttrQueryTimeout    int32 = 0
	AttrTxnIsolation    int32 = 108
	AttrCursorType      int32 = 6
	AttrParamStatus     int32 = 20
	AttrParamsProcessed int32 = 21
	AttrParamsetSize    int32 = 22
	AttrRowsFetched     int32 = 26
	AttrRowArraySize    int32 = 27
)

// Values of attributes.
const (
	ODBC3         uintptr = 3
	AutocommitOff uintptr = 0
	AutocommitOn  uintptr = 1
	CursorStatic  uintptr = 3
	Dead          uint32  = 1
)

// Fields of GetDiagFieldInt.
const (
	DiagRowNumber    int16 = -1248
	DiagColumnNumber int16 = -1247
)

// Directions and orientations of Drivers, DataSources and FetchScroll.
const (
	FetchNext     uint16 = 1
	FetchFirst    uint16 = 2
	FetchAbsolute uint16 = 5
)

// DriverNoPrompt makes DriverConnect fail where it would ask the user.
const DriverNoPrompt uint16 = 0

// Fields of ColAttribute.
const (
	DescConciseType    uint16 = 2
	DescUnsigned       uint16 = 8
	DescNullable       uint16 = 1008
	DescAutoUnique     uint16 = 11
	DescTypeName       uint16 = 14
	DescSchemaName     uint16 = 16
	DescBaseColumnName uint16 = 22
	DescBaseTableName  uint16 = 23
)

// Information types of GetInfo.
const (
	InfoDataSourceName  uint16 = 2
	InfoDriverName      uint16 = 6
	InfoDriverVersion   uint16 = 7
	InfoDatabaseName    uint16 = 16
	InfoDBMSName        uint16 = 17
	InfoDBMSVersion     uint16 = 18
	InfoIdentifierQuote uint16 = 29
	InfoPatternEscape   uint16 = 14

	InfoGetDataExtensions uint16 = 81
	InfoNeedLongDataLen   uint16 = 111
)

// GetDataAnyOrder is the bit of InfoGetDataExtensions that lets SQLGetData ask for
// the columns of a row in any order.
const GetDataAnyOrder uint32 = 2
