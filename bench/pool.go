package main

import (
	"context"
	"sync"

	"github.com/jackc/puddle/v2"

	"github.com/odbcgen/odbcgen/runtime"
)

// poolOptions are the ways in which we check out, by what they add to the name
// of a scenario.
var poolOptions = []struct {
	suffix string
	check  runtime.Check
}{
	{"", runtime.CheckNever},
	{"-checked", runtime.CheckAlways},
}

// poolCheckouts take a connection of a pool of four and give it back, so many
// goroutines at a time. No C program has such a pool: the floor is jackc/puddle
// with nothing in it.
func poolCheckouts(checkouts int) (all []scenario) {
	for _, way := range poolOptions {
		for _, goroutines := range []int{1, 16, 1000} {
			all = append(all, scenario{
				name: "pool-checkout-" + text(goroutines) + way.suffix, unit: "checkouts/s",
				size: size{goroutines, 1, checkouts}, want: counted(checkouts),
				contenders: []contender{
					{name: floor, open: poolPuddle},
					{name: ours, open: poolOurs(way.check)},
					{name: "alexbrainman", open: poolSQL},
				},
			})
		}
	}
	return all
}

// poolSize is the number of connections.
const poolSize = 4

// concurrently calls checkout as often as the task says.
func concurrently(t task, checkout func(context.Context) error) work {
	return func(ctx context.Context, sum *checksum) error {
		var group sync.WaitGroup
		errs := make(chan error, t.rows)
		for g := range t.rows {
			share := t.units / t.rows
			if g < t.units%t.rows {
				share++
			}
			group.Go(func() {
				for range share {
					if err := checkout(ctx); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		group.Wait()
		sum.rows += uint64(t.units)
		close(errs)
		return <-errs
	}
}

func poolPuddle(_ context.Context, t task) (work, error) {
	pool, err := puddle.NewPool(&puddle.Config[struct{}]{
		Constructor: func(context.Context) (struct{}, error) { return struct{}{}, nil },
		Destructor:  func(struct{}) {},
		MaxSize:     poolSize,
	})
	return concurrently(t, func(ctx context.Context) error {
		held, err := pool.Acquire(ctx)
		if err == nil {
			held.Release()
		}
		return err
	}), err
}

func poolOurs(check runtime.Check) func(context.Context, task) (work, error) {
	return func(ctx context.Context, t task) (work, error) {
		d, err := t.db.open(ctx, runtime.WithPool(runtime.PoolOptions{MaxSize: poolSize, Check: check}))
		return concurrently(t, func(ctx context.Context) error {
			held, err := d.Conn(ctx)
			if err == nil {
				held.Close()
			}
			return err
		}), err
	}
}

// poolSQL is the pool of database/sql.
func poolSQL(_ context.Context, t task) (work, error) {
	d, err := t.db.openAlexbrainman()
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(poolSize)
	d.SetMaxIdleConns(poolSize)
	return concurrently(t, func(ctx context.Context) error {
		held, err := d.Conn(ctx)
		if err == nil {
			err = held.Close()
		}
		return err
	}), nil
}
