package pool_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/puddle/v2"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

// BenchmarkAcquireRelease is the road that each call takes, beside puddle's own.
func BenchmarkAcquireRelease(b *testing.B) {
	b.Run("puddle", func(b *testing.B) {
		p, _ := puddle.NewPool(&puddle.Config[int]{
			Constructor: func(context.Context) (int, error) { return 1, nil },
			Destructor:  func(int) {},
			MaxSize:     4,
		})
		defer p.Close()
		b.ReportAllocs()
		for b.Loop() {
			res, _ := p.Acquire(context.Background())
			res.Release()
		}
	})
	for _, c := range []struct {
		name    string
		options pool.Options
	}{
		{"check never", pool.Options{Check: pool.CheckNever}},
		{"check idle", pool.Options{}},
		{"bounded queue", pool.Options{MaxWaiting: 10}},
		{"leak watch", pool.Options{LeakThreshold: time.Minute}},
	} {
		b.Run(c.name, func(b *testing.B) { benchAcquire(b, c.options) })
	}
}

func benchAcquire(b *testing.B, options pool.Options) {
	options.MaxSize = 4
	p, err := pool.New(pool.Config[int]{
		Options: options,
		Dial:    func(context.Context) (int, error) { return 1, nil },
		Close:   func(int) {},
		Probe:   func(context.Context, int) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close(context.Background())
	b.ReportAllocs()
	for b.Loop() {
		item, err := p.Acquire(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		item.Release()
	}
}
