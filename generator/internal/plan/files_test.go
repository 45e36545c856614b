package plan

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileNames(t *testing.T) {
	for _, test := range []struct{ sources, want []string }{
		{[]string{"queries.yaml"}, []string{"queries.gen.go"}},
		{[]string{"queries.yml"}, []string{"queries.gen.go"}},
		{[]string{"spec/queries.yaml", "sql/books.sql"}, []string{"queries.gen.go", "books.sql.gen.go"}},
		{[]string{"books.yaml", "books.sql"}, []string{"books.gen.go", "books.sql.gen.go"}},

		// Names that are taken, or that two files would share.
		{[]string{"db.yaml"}, []string{"db_queries.gen.go"}},
		{[]string{"a/x.sql", "b/x.sql", "y.sql"}, []string{"a_x.sql.gen.go", "b_x.sql.gen.go", "y.sql.gen.go"}},
		{[]string{"a/X.sql", "b/x.sql"}, []string{"a_x.sql.gen.go", "b_x.sql.gen.go"}},
		{[]string{"x.sql", "../x.sql"}, []string{"x.sql.gen.go", "x.sql2.gen.go"}},
		{[]string{"q.yml", "q.yaml"}, []string{"q.gen.go", "q2.gen.go"}},

		// Names that Go reads a meaning into.
		{[]string{"sql/orders_windows.sql"}, []string{"orders_windows_queries.sql.gen.go"}},
		{[]string{"linux_arm64.yaml"}, []string{"linux_arm64_queries.gen.go"}},
		{[]string{"_books.sql", ".hidden.yaml"}, []string{"books.sql.gen.go", "hidden.gen.go"}},
		{[]string{"books_test.yaml"}, []string{"books_test.gen.go"}},
		{[]string{"windows.yaml"}, []string{"windows.gen.go"}},

		// Characters that do not belong in file names.
		{[]string{"my books.sql", "größe.sql"}, []string{"my_books.sql.gen.go", "größe.sql.gen.go"}},
		{[]string{".yaml"}, []string{"queries.gen.go"}},
	} {
		var files []SourceFile
		for _, name := range test.sources {
			files = append(files, SourceFile{Name: name})
		}
		require.Equal(t, test.want, fileNames(files), "%q", test.sources)
	}
}
