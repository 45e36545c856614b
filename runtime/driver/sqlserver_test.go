package driver_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestTypesOfSQLServer: types are known by the names that results, the catalog and
// sp_describe_undeclared_parameters have for them, and by codes where there is no name.
func TestTypesOfSQLServer(t *testing.T) {
	for _, plugin := range []*driver.Plugin{&driver.SQLServer, &driver.SQLServerFreeTDS} {
		for _, c := range []struct {
			name string
			code driver.SQLType
			want protocol.Kind
		}{
			{"tinyint", driver.TinyInt, protocol.Uint8},
			{"", driver.TinyInt, protocol.Uint8},
			{"int identity", driver.Integer, protocol.Int32},
			{"numeric() identity", driver.Numeric, protocol.Decimal},
			{"decimal(12,2)", driver.Unknown, protocol.Decimal},
			{"nvarchar(max)", driver.Unknown, protocol.NText},
			{"MONEY", driver.Decimal, protocol.Money},
			{"timestamp", driver.Binary, protocol.Binary},
			{"time(7)", -154, protocol.Time},
			{"", -155, protocol.DateTimeOffset},
			{"", -152, protocol.XML},
			{"geography", -151, protocol.Binary},
			{"sql_variant", -150, protocol.Invalid},
			{"cursor", driver.Unknown, protocol.Invalid},
		} {
			require.Equal(t, c.want, plugin.KindOf(c.name, c.code, c.want == protocol.Uint8), "%s %d", c.name, c.code)
		}
	}
	for name, want := range map[string]protocol.Kind{
		"unsigned bigint": protocol.Uint64, "bigdatetime": protocol.Timestamp, "bigtime": protocol.Time, "univarchar": protocol.NText, "tinyint": protocol.Uint8, "image": protocol.Binary,
	} {
		require.Equal(t, want, driver.Sybase.KindOf(name, driver.Unknown, false), name)
	}
}

// TestAllKindsTravel: no kind is left to what would lose a part of it.
func TestAllKindsTravel(t *testing.T) {
	for _, plugin := range []*driver.Plugin{&driver.SQLServer, &driver.SQLServerFreeTDS} {
		for _, kind := range protocol.Kinds() {
			require.NotEqual(t, driver.Varchar, plugin.ParamOf(kind).SQL, "%s", kind) // of the server's code page
		}
	}
}

// TestPlainSavepoint: where names of savepoints cannot be quoted, they hold nothing that
// would be.
func TestPlainSavepoint(t *testing.T) {
	s, err := driver.Sybase.Dialect.Savepoint("a; DROP TABLE t --ü")
	require.NoError(t, err)
	require.Equal(t, "SAVE TRANSACTION a__DROP_TABLE_t____", s.Make)
	require.Equal(t, "ROLLBACK TRANSACTION a__DROP_TABLE_t____", s.Back)
	require.Empty(t, s.Release)
	_, err = driver.Sybase.Dialect.Savepoint(`a"b`)
	require.Error(t, err)
	s, err = driver.SQLServer.Dialect.Savepoint("a]b")
	require.NoError(t, err)
	require.Equal(t, "SAVE TRANSACTION [a]]b]", s.Make)
}

// TestFaultsOfSQLServer: whichever record comes first.
func TestFaultsOfSQLServer(t *testing.T) {
	for _, c := range []struct {
		phase   driver.Phase
		natives []int32
		kind    driver.Kind
		outcome driver.Outcome
	}{
		{driver.Connecting, []int32{18456, 4060, 0}, driver.KindConnect, driver.NotSent},
		{driver.Connecting, []int32{18456, 0}, driver.KindAuth, driver.NotSent},
		{driver.Preparing, []int32{8180, 102}, driver.KindSyntax, driver.NotExecuted},
		{driver.Executing, []int32{3609}, driver.KindTransaction, driver.TransactionRolledBack},
		{driver.Executing, []int32{1205}, driver.KindDeadlock, driver.TransactionRolledBack},
	} {
		var records []driver.Record
		for _, n := range c.natives {
			records = append(records, driver.Record{State: "42000", Native: n})
		}
		class := driver.SQLServerFreeTDS.Classify(c.phase, records)
		require.Equal(t, c.kind, class.Kind, fmt.Sprint(c.natives))
		if c.outcome != driver.NotExecuted {
			require.Equal(t, c.outcome, class.Outcome, fmt.Sprint(c.natives))
		}
	}
}
