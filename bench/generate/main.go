// Command generate measures odbcgen itself: specs of 1,000 and of 10,000 queries of
// five forms over 50 tables, described live and taken from snapshots.
//
//	withdb -- generate path/of/odbcgen
//
// It prints a line for each database and number of queries: seconds of both ways, and
// the most memory of them.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: generate path/of/odbcgen")
	}
	odbcgen, err := filepath.Abs(os.Args[1])
	if err != nil {
		return err
	}
	for _, database := range []string{"sqlite", "postgres", "mariadb"} {
		for _, queries := range []int{1_000, 10_000} {
			if err := measure(odbcgen, database, queries); err != nil {
				return fmt.Errorf("%d queries on %s: %w", queries, database, err)
			}
		}
	}
	return nil
}

// measure prints one line.
func measure(odbcgen, database string, queries int) error {
	folder, err := os.MkdirTemp("", "generate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := write(folder, database, queries); err != nil {
		return err
	}
	live, liveMiB, err := generate(folder, odbcgen, "generate")
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(folder, "store")); err != nil {
		return err
	}
	kept, keptMiB, err := generate(folder, odbcgen, "generate", "--offline")
	if err != nil {
		return err
	}
	fmt.Printf("queries=%d database=%s live=%.1fs snapshots=%.1fs rss=%dMiB\n", queries, database, live.Seconds(), kept.Seconds(), max(liveMiB, keptMiB))
	return nil
}

// generate runs odbcgen, and returns how long it took and the most memory it had.
func generate(folder, odbcgen string, args ...string) (took time.Duration, peakMiB int64, err error) {
	cmd := exec.Command(odbcgen, args...)
	cmd.Dir = folder
	var said bytes.Buffer
	cmd.Stderr = &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, said.String())
	}
	return time.Since(began), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024, nil
}

// forms are the queries; %t is a table, %u the next one, %n the query's own
// number, which makes each text another.
var forms = []struct{ result, sql string }{
	{"opt", "SELECT id, name, price, added, note FROM t%t WHERE id = :id AND %n = %n"},
	{"many", "SELECT a.id, b.name, COUNT(*) AS n FROM t%t a LEFT JOIN t%u b ON b.id = a.id WHERE a.name LIKE :name AND %n = %n GROUP BY a.id, b.name"},
	{"exec", "INSERT INTO t%t (id, name, price) VALUES (:id, :name, %n)"},
	{"affected", "UPDATE t%t SET name = :name, note = :note WHERE id = :id AND %n = %n"},
	{"stream", "WITH x AS (SELECT id, price FROM t%t WHERE added > :since) SELECT x.id, x.price, t.name FROM x JOIN t%u t ON t.id = x.id AND %n = %n"},
}

const tables = 50

// write writes the spec and its schema.
func write(folder, database string, queries int) error {
	var spec, schema strings.Builder
	fmt.Fprintf(&spec, "version: 1\npackage: store\nout: store\ndriver: %s\nschema: [schema.sql]\n", database)
	if database != "sqlite" {
		fmt.Fprintf(&spec, "database: ${ODBCGEN_TEST_%s}\n", strings.ToUpper(database))
	}
	spec.WriteString("queries:\n")
	for i := range queries {
		form := forms[i%len(forms)]
		sql := strings.NewReplacer("%t", fmt.Sprint(i%tables), "%u", fmt.Sprint((i+1)%tables), "%n", fmt.Sprint(i)).Replace(form.sql)
		fmt.Fprintf(&spec, "  - name: Query%d\n    result: %s\n    sql: |\n      %s\n", i, form.result, sql)
	}
	for i := range tables {
		fmt.Fprintf(&schema, "CREATE TABLE t%d (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, price NUMERIC(10,2), added TIMESTAMP NULL, note TEXT);\n", i)
	}
	for name, text := range map[string]string{"queries.yaml": spec.String(), "schema.sql": schema.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
