package sqlscan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name, dialect, script string
		want                  []string
	}{
		{"semicolons in quotes and comments", "", "SELECT ';' -- ;\n, \";\" /* ; */; SELECT 2", []string{"SELECT ';' -- ;\n, \";\"", "SELECT 2"}},
		{"nothing", "", " ;; -- a\n;/* b */ ", nil},
		{"comments around", "", "-- a\nSELECT 1 -- b\n; -- c", []string{"SELECT 1"}},
		{"begin of a transaction", "", "BEGIN; SELECT 1; END; COMMIT", []string{"BEGIN", "SELECT 1", "END", "COMMIT"}},
		{"a table with telling names", "", "CREATE TABLE trigger_log (begin_at int); SELECT 1", []string{"CREATE TABLE trigger_log (begin_at int)", "SELECT 1"}},
		{
			"trigger", "sqlite",
			"CREATE TEMP TRIGGER IF NOT EXISTS t AFTER UPDATE ON a WHEN CASE new.x WHEN 1 THEN 1 END BEGIN UPDATE b SET c = CASE WHEN 1 THEN 2 END; DELETE FROM d; END; SELECT 1;",
			[]string{"CREATE TEMP TRIGGER IF NOT EXISTS t AFTER UPDATE ON a WHEN CASE new.x WHEN 1 THEN 1 END BEGIN UPDATE b SET c = CASE WHEN 1 THEN 2 END; DELETE FROM d; END", "SELECT 1"},
		},
		{
			"dollar body", "postgres",
			"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2; $$; SELECT 3",
			[]string{"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2; $$", "SELECT 3"},
		},
		{
			"atomic body", "postgres",
			"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO a VALUES (1); END; SELECT 3",
			[]string{"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO a VALUES (1); END", "SELECT 3"},
		},
		{"trigger without a body", "postgres", "CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION f(); SELECT 1", []string{"CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION f()", "SELECT 1"}},
		{
			"compound statements", "mariadb",
			"CREATE DEFINER=`u`@`h` PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; CASE a WHEN 1 THEN SELECT 2; END CASE; l: LOOP LEAVE l; END LOOP; END; SELECT 3",
			[]string{"CREATE DEFINER=`u`@`h` PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; CASE a WHEN 1 THEN SELECT 2; END CASE; l: LOOP LEAVE l; END LOOP; END", "SELECT 3"},
		},
		{"a string that does not end", "", "SELECT 1; SELECT 'a; b", []string{"SELECT 1", "SELECT 'a; b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var texts []string
			for _, s := range sqlscan.Split(sqlscan.DialectOf(tt.dialect), tt.script) {
				require.Equal(t, s.Text, tt.script[s.Offset:s.Offset+len(s.Text)])
				texts = append(texts, s.Text)
			}
			require.Equal(t, tt.want, texts)
		})
	}
}
