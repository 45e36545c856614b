package generator_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/internal/testdb"
)

// procedures are statements for each database that has them.
var procedures = map[string]struct{ make, change string }{
	"postgres": {
		`CREATE SCHEMA other;
		CREATE FUNCTION report_sum(a BIGINT) RETURNS BIGINT LANGUAGE sql AS 'SELECT a';
		CREATE FUNCTION other.report_sum(a BIGINT) RETURNS TEXT LANGUAGE sql AS 'SELECT ''a''';
		CREATE FUNCTION other.report_hidden() RETURNS TEXT LANGUAGE sql AS 'SELECT ''a''';
		CREATE PROCEDURE report_old() LANGUAGE sql AS 'SELECT 1';
		CREATE PROCEDURE transfer(amount BIGINT, INOUT note VARCHAR) LANGUAGE sql AS 'SELECT note'`,
		`DROP FUNCTION report_sum; CREATE FUNCTION report_sum(a INTEGER) RETURNS BIGINT LANGUAGE sql AS 'SELECT 1::bigint';
		DROP PROCEDURE report_old;
		CREATE PROCEDURE report_new(id BIGINT) LANGUAGE sql AS 'SELECT 1';
		DROP PROCEDURE transfer; CREATE PROCEDURE transfer(amount BIGINT, note VARCHAR, extra DATE) LANGUAGE sql AS 'SELECT 1'`,
	},
	"mariadb": {
		`CREATE FUNCTION report_sum(a BIGINT) RETURNS BIGINT DETERMINISTIC RETURN a;
		CREATE PROCEDURE report_old() DO 1;
		CREATE PROCEDURE transfer(amount BIGINT, INOUT note VARCHAR(40)) DO 1`,
		`DROP FUNCTION report_sum; CREATE FUNCTION report_sum(a INT) RETURNS BIGINT DETERMINISTIC RETURN a;
		DROP PROCEDURE report_old;
		CREATE PROCEDURE report_new(id BIGINT) DO 1;
		DROP PROCEDURE transfer; CREATE PROCEDURE transfer(amount BIGINT, note VARCHAR(40), extra DATE) DO 1`,
	},
}

const procedureSpec = `
  - {name: One, result: one, sql: SELECT 1 AS one, columns: {one: {type: int32, null: false}}}
procedures:
  - {name: Transfer, procedure: transfer}
  - procedures: "report_%"
`

// TestProcedures: what the catalog says of procedures is kept in snapshots, explained,
// and held against the catalog when that has changed. Names without a schema are those
// that a call would find.
func TestProcedures(t *testing.T) {
	for _, db := range testdb.All(t) {
		ddl, has := procedures[db.Name]
		if !has {
			continue // SQLite has none
		}
		t.Run(db.Name, func(t *testing.T) {
			testdb.Exec(t, db, ddl.make)
			o := specOn(t, db, procedureSpec)
			result, err := generator.Generate(t.Context(), o)
			require.NoError(t, err)
			require.NoError(t, result.Commit())
			_, err = generator.Check(t.Context(), o, false)
			require.NoError(t, err)
			require.Equal(t, []string{
				"One: ", "Transfer: in amount int64, inout note string", "ReportOld: ", "ReportSum: return result sql.Null[int64], in a int64",
			}, explained(t, o))

			testdb.Exec(t, db, ddl.change)
			_, err = generator.Check(t.Context(), o, false)
			told := strings.ReplaceAll(fmt.Sprint(err), filepath.Dir(o.Spec)+"/", "")
			for _, want := range []string{
				"query Transfer: the " + db.Name + " database has changed since the snapshot was made",
				`procedure transfer: parameter "note": is in VARCHAR`, `text, was inout VARCHAR`,
				`procedure transfer: parameter "extra": is new (in DATE date)`,
				"query procedures report_%: the " + db.Name + " database has changed",
				`procedure report_sum: parameter "a": is in INT`, ` int32, was in `,
				"procedure report_old() is gone",
				"procedure report_new(id ",
			} {
				require.Contains(t, told, want)
			}
			again, err := generator.Generate(t.Context(), offline(o))
			require.NoError(t, err, "the snapshots are enough")
			for i, f := range again.Files {
				require.False(t, f.Changed, result.Files[i].Path)
			}
			_, err = generator.Generate(t.Context(), o)
			require.NoError(t, err)
		})
	}
}

// explained returns a line for each entry of the spec.
func explained(t *testing.T, o generator.Options) []string {
	all, err := generator.Explain(t.Context(), o)
	require.NoError(t, err)
	var lines []string
	for _, e := range all {
		var params []string
		for _, p := range e.Params {
			require.Equal(t, "catalog", p.Source)
			params = append(params, fmt.Sprintf("%s %s %s", p.Direction, p.Name, p.GoType))
		}
		lines = append(lines, e.Name+": "+strings.Join(params, ", "))
	}
	return lines
}
