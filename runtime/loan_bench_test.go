package runtime

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jackc/puddle/v2"
	"github.com/stretchr/testify/require"
)

// BenchmarkLoan is what each call on a DB does before and after its statement, beside
// what puddle takes for it.
func BenchmarkLoan(b *testing.B) {
	b.Run("puddle", func(b *testing.B) {
		p, err := puddle.NewPool(&puddle.Config[int]{
			Constructor: func(context.Context) (int, error) { return 1, nil },
			Destructor:  func(int) {},
			MaxSize:     4,
		})
		require.NoError(b, err)
		defer p.Close()
		b.ReportAllocs()
		for b.Loop() {
			held, _ := p.Acquire(context.Background())
			held.Release()
		}
	})
	for _, c := range []struct {
		name  string
		check Check
	}{{"check never", CheckNever}, {"check idle", CheckIdle}} {
		b.Run(c.name, func(b *testing.B) { benchmarkLoan(b, c.check) })
	}
}

func benchmarkLoan(b *testing.B, check Check) {
	db, err := Open(b.Context(), "Driver=SQLite3;Database="+filepath.Join(b.TempDir(), "loan.db"), WithPool(PoolOptions{MaxSize: 4, Check: check}))
	require.NoError(b, err)
	defer db.Close()
	b.ReportAllocs()
	for b.Loop() {
		held, err := db.loan(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		held.end(context.Background(), nil, nil)
	}
}

// TestLoanAllocatesNothing: neither is there anything for the garbage collector.
func TestLoanAllocatesNothing(t *testing.T) {
	db, err := Open(t.Context(), "Driver=SQLite3;Database="+filepath.Join(t.TempDir(), "loan.db"), WithPool(PoolOptions{Check: CheckNever}))
	require.NoError(t, err)
	defer db.Close()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		held, err := db.loan(context.Background())
		require.NoError(t, err)
		held.end(context.Background(), nil, nil)
	}))
}
