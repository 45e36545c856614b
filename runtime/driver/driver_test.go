package driver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestForms: the numbers of the two layers must match, they are converted.
func TestForms(t *testing.T) {
	require.EqualValues(t, odbc.Native, driver.AsIs)
	require.EqualValues(t, odbc.Text, driver.AsText)
	require.EqualValues(t, odbc.Int64, driver.AsInt64)
	require.EqualValues(t, odbc.Number, driver.AsNumber)
	require.EqualValues(t, odbc.Float64, driver.AsFloat64)
	require.EqualValues(t, odbc.Zoned, driver.AsZoned)
}

func TestPlugins(t *testing.T) {
	for _, p := range driver.All() {
		byName, ok := driver.ByName(p.Name)
		require.True(t, ok)
		require.Same(t, p, byName)
		for _, name := range p.Match.DBMS {
			require.Same(t, p, driver.For(driver.Server{DBMS: name}))
		}
		for _, kind := range protocol.Kinds() {
			require.Equal(t, kind, p.ParamOf(kind).Kind, p.Name)
			require.NotEqual(t, driver.AsNumber, p.FormOf(kind), "%s %s", p.Name, kind)
		}
	}
	for _, p := range driver.BuiltIn() {
		byName, ok := driver.ByName(p.BuiltInName())
		require.True(t, ok)
		require.Same(t, p, byName)
	}
	_, ok := driver.ByName("clipper")
	require.False(t, ok)
	freeTDS, _ := driver.ByName("sqlserver/tdsodbc")
	require.Same(t, &driver.SQLServerFreeTDS, freeTDS)
	extended := driver.Plugin{Name: "ours", Extends: "sqlserver/tdsodbc"}
	require.Equal(t, "sqlserver", extended.Vendor())
}

// TestFor: the DBMS tells the database, and the library the driver where there are several.
func TestFor(t *testing.T) {
	for _, test := range []struct {
		dbms, library string
		want          *driver.Plugin
	}{
		{"mariadb", "libmaodbc.so", &driver.MariaDB},
		{"PostgreSQL", "some.so", &driver.Postgres},
		{"Clipper", "psqlodbcw.so", &driver.Generic},
		{"", "", &driver.Generic},
		{"Microsoft SQL Server", "libmsodbcsql-18.3.so.2.1", &driver.SQLServer},
		{"Microsoft SQL Server", "libtdsodbc.so", &driver.SQLServerFreeTDS},
		{"Microsoft SQL Server", "", &driver.SQLServer},
		{"DB2/LINUXX8664", "libdb2o.so", &driver.Db2},
		{"MySQL", "libmyodbc8w.so", &driver.MySQL},
		{"MySQL", "libmaodbc.so", &driver.MySQLMariaDB},
	} {
		require.Same(t, test.want, driver.For(driver.Server{DBMS: test.dbms, Driver: test.library}), "%s, %s", test.dbms, test.library)
	}
	for _, test := range []struct {
		server driver.Server
		want   *driver.Plugin
	}{
		{driver.Server{DBMS: "PostgreSQL", Version: "15.0.18", Driver: "psqlodbcw.so", DriverVersion: "13.02.0000"}, &driver.Postgres},
		{driver.Server{DBMS: "PostgreSQL", Version: "9.5.25"}, &driver.Postgres},
		{driver.Server{DBMS: "PostgreSQL", Version: "8.0.2", Driver: "psqlodbcw.so"}, &driver.Generic}, // Redshift
		{driver.Server{DBMS: "PostgreSQL", Version: "devel"}, &driver.Postgres},
		{driver.Server{DBMS: "MariaDB", Version: "10.11.000019", Driver: "libmaodbc.so", DriverVersion: "03.01.0015"}, &driver.MariaDB},
		{driver.Server{DBMS: "MariaDB", Version: "10.11.000019", Driver: "libmaodbc.so", DriverVersion: "02.00.0019"}, &driver.Generic},
		{driver.Server{DBMS: "MariaDB", Version: "10.11.000019", Driver: "libmyodbc8w.so", DriverVersion: "02.00"}, &driver.MariaDB},
	} {
		require.Same(t, test.want, driver.For(test.server), "%+v", test.server)
	}
	for library, want := range map[string]*driver.Plugin{
		"/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so": &driver.SQLServerFreeTDS, "libmsodbcsql-18.3.so.2.1": &driver.SQLServer,
		"libsqora.so.21.1": &driver.Oracle, "libSnowflake.so": &driver.Snowflake, "nix.so": &driver.Generic, "": &driver.Generic,
	} {
		require.Same(t, want, driver.ForLibrary(library), library)
	}
}

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		plugin   *driver.Plugin
		name     string
		code     driver.SQLType
		unsigned bool
		want     protocol.Kind
	}{
		{&driver.SQLite, "DECIMAL(12,2)", driver.Varchar, false, protocol.Decimal},
		{&driver.SQLite, "Numeric (4)", driver.Double, false, protocol.Decimal},
		{&driver.SQLite, "BIGINT", driver.BigInt, true, protocol.Int64},     // its unsigned attribute means nothing
		{&driver.SQLite, "STRING", driver.Varchar, false, protocol.Invalid}, // has numeric affinity
		{&driver.SQLite, "BINARY(4)", driver.Varchar, false, protocol.Binary},
		{&driver.Postgres, "oid", driver.Integer, true, protocol.Uint32},
		{&driver.Postgres, "uuid", driver.GUID, false, protocol.UUID},
		{&driver.Postgres, "unknown", driver.Varchar, false, protocol.Invalid},
		{&driver.Postgres, "int4", driver.Integer, false, protocol.Int32},
		{&driver.MariaDB, "bigint", driver.BigInt, true, protocol.Uint64},
		{&driver.MariaDB, "tinyint", driver.TinyInt, true, protocol.Uint8},
		{&driver.MariaDB, "varchar", driver.Varchar, true, protocol.Text},
		{&driver.MySQLMariaDB, "", driver.Unknown, false, protocol.JSON},
		{&driver.MySQL, "json", driver.WLongVarchar, false, protocol.JSON},
		{&driver.MySQL, "varchar", driver.WVarchar, false, protocol.Text},
		{&driver.Oracle, "NUMBER", driver.Decimal, false, protocol.Decimal},
		{&driver.Oracle, "FLOAT", driver.Float, false, protocol.Decimal},
		{&driver.Oracle, "DATE", driver.Date, false, protocol.Timestamp},
		{&driver.Oracle, "TIMESTAMP(6)", driver.Timestamp, false, protocol.Timestamp},
		{&driver.Oracle, "TIMESTAMP(6) WITH LOCAL TIME ZONE", driver.Timestamp, false, protocol.TimestampTZ},
		{&driver.Oracle, "INTERVAL DAY(2) TO SECOND(6)", driver.SQLType(110), false, protocol.Interval},
		{&driver.SQLite, "decimal(10,2) unsigned", driver.Varchar, true, protocol.Decimal},
		{&driver.Generic, "geometry", driver.SQLType(-4711), false, protocol.Invalid},
	} {
		require.Equal(t, test.want, test.plugin.KindOf(test.name, test.code, test.unsigned), "%s %s", test.plugin.Name, test.name)
	}
	require.Equal(t, protocol.Int64, driver.Postgres.ParamKindOf(driver.BigInt))
	require.Equal(t, protocol.Invalid, driver.Postgres.ParamKindOf(driver.Unknown))
}

func TestQuote(t *testing.T) {
	double, back := driver.Postgres.Dialect, driver.MariaDB.Dialect
	require.Equal(t, `"a""b"`, double.Quote(`a"b`))
	require.Equal(t, "`a``b`", back.Quote("a`b"))
}
