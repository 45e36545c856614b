package runtime_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// conformance is what every client of ODBC is known to get wrong somewhere, case
// by case. Each test runs on SQLite, PostgreSQL (with the wide driver and with
// the narrow one) and MariaDB; what a database cannot do, its test says and
// asserts what happens instead. New tests stand in conformance_*_test.go, the
// others beside what they test.
var conformance = []struct {
	number int
	name   string
	test   func(*testing.T)
}{
	{1, "results around the ends of blocks", rowCounts},
	{1, "blocks as large as they get", largestBlocks},
	{2, "a cell cut anywhere in a block is read in full", longValues},
	{3, "NULL beside a cell that was cut", nullBesideLong},
	{4, "text of four-byte characters fills its column", fourByteCharacters},
	{5, "zero bytes, empty and NULL", zeroBytes},
	{6, "values of every length, in pieces too", chunkEdges},
	{7, "long parameters", longCommands},
	{8, "decimals keep digits and scale", decimals},
	{9, "timestamps of every precision", timestampPrecisions},
	{10, "values of every kind by every road", valuesOfKinds},
	{10, "integers that do not fit", integersThatDoNotFit},
	{10, "floats that are no numbers", floatsThatAreNoNumbers},
	{10, "parameters that do not fit", parametersThatDoNotFit},
	{11, "parameter arrays of every size, with NULLs and growing text", bulkArrays},
	{12, "a bad row anywhere in an array", bulkDuplicate},
	{12, "two bad rows", twoBadRows},
	{12, "a bad row in a transaction", bulkInTransaction},
	{13, "a context that ends before", cancelledBeforeStart},
	{13, "a context that ends during execution", cancelExecuting},
	{13, "a context that ends during fetch", cancelledStream},
	{13, "a context that ends after", cancelledAfter},
	{14, "a deadline where the driver has no query timeout", cancelCommand},
	{15, "a connection cut by the server", killedConnection},
	{15, "a connection that the server has grown tired of", idleTimeout},
	{16, "a result half read, and others", nestedStreams},
	{16, "a second result abandoned", secondResult},
	{17, "a stream broken off", streamBrokenOff},
	{17, "an error in a later block", nullInNotNull},
	{18, "a statement after its error", statementAfterError},
	{18, "a statement after DDL", tableChangedUnderStatement},
	{19, "names and text in every locale", names},
	{20, "wrong statements", errorsOfStatements},
	{20, "long messages in many bytes", longMessages},
	{20, "errors of others", errorsDoNotMix},
	{21, "the catalog against a prepared statement", catalogAgainstPrepared},
	{22, "one and the same query on wide and narrow drivers", valuesOfKinds},
	{23, "many goroutines", manyGoroutines},
	{24, "connection strings that lead nowhere", openErrors},
	{24, "opened and closed, with braces and signs", openedAndClosed},
}

// TestConformance runs the table. Case 22 is the profile postgres-ansi of each.
func TestConformance(t *testing.T) {
	next := 1
	for _, c := range conformance {
		require.Contains(t, []int{next - 1, next}, c.number, "all cases, in order")
		next = c.number + 1
		if c.number != 22 {
			t.Run(fmt.Sprintf("%02d %s", c.number, c.name), c.test)
		}
	}
	require.Equal(t, 25, next)
}
