package pool_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		options pool.Options
		want    string // each line begins one error; none is a valid one
	}{
		{pool.Options{}, ""},
		{pool.Options{MaxSize: 1, MinSize: 1, Ceiling: 1, MaxWaiting: 1, MaxStuck: 1, Check: pool.CheckNever, LifetimeJitter: 1}, ""},
		{pool.Options{
			AcquireTimeout: pool.Never, DialTimeout: pool.Never, IdleTimeout: pool.Never, MaxLifetime: pool.Never,
			CheckTimeout: pool.Never, LeakThreshold: pool.Never, LifetimeJitter: pool.NoJitter,
		}, ""},
		{pool.Options{MaxSize: -1}, "MaxSize -1: want 1 to 2147483647"},
		{pool.Options{MaxSize: math.MaxInt32 + 1}, "MaxSize 2147483648: want"}, // pgx 5.8.0
		{pool.Options{MaxSize: math.MaxInt32}, ""},
		{pool.Options{MaxSize: 4, MinSize: 5}, "MinSize 5: want 0 to 4"},
		{pool.Options{MinSize: -1}, "MinSize -1: want 0"},
		{pool.Options{MaxSize: 4, Ceiling: 3}, "Ceiling 3: want 4 to"},
		{pool.Options{MaxWaiting: -1}, "MaxWaiting -1: want"},
		{pool.Options{MaxStuck: -1}, "MaxStuck -1: want"},
		{pool.Options{AcquireTimeout: -2}, "AcquireTimeout -2ns: want a positive time, Never"},
		{pool.Options{DialTimeout: -time.Second}, "DialTimeout -1s: want"},
		{pool.Options{IdleTimeout: -2}, "IdleTimeout -2ns: want"},
		{pool.Options{MaxLifetime: -2}, "MaxLifetime -2ns: want"},
		{pool.Options{CheckTimeout: -2}, "CheckTimeout -2ns: want"},
		{pool.Options{LeakThreshold: -2}, "LeakThreshold -2ns: want"},
		{pool.Options{CheckAfter: pool.Never}, "CheckAfter -1ns: want a positive time, or 0"},
		{pool.Options{BackOff: pool.BackOff{First: -1}}, "BackOff.First -1ns: want"},
		{pool.Options{BackOff: pool.BackOff{Max: -1}}, "BackOff.Max -1ns: want"},
		{pool.Options{BackOff: pool.BackOff{First: time.Second, Max: time.Millisecond}}, "BackOff.First 1s: want at most BackOff.Max, which is 1ms"},
		{pool.Options{BackOff: pool.BackOff{First: time.Minute}}, ""},
		{pool.Options{LifetimeJitter: 1.1}, "LifetimeJitter 1.1: want 0 to 1"},
		{pool.Options{LifetimeJitter: math.NaN()}, "LifetimeJitter NaN: want"},
		{pool.Options{Check: 3}, "Check 3: want CheckIdle"},
		{pool.Options{MaxSize: -1, CheckAfter: -1, Check: 9}, "MaxSize -1\nCheckAfter -1ns\nCheck 9"},
	} {
		err := c.options.Validate()
		if c.want == "" {
			require.NoError(t, err, "%+v", c.options)
			continue
		}
		require.Error(t, err, c.want)
		got := strings.Split(err.Error(), "\n")
		want := strings.Split(c.want, "\n")
		require.Len(t, got, len(want), err.Error())
		for i := range want {
			require.True(t, strings.HasPrefix(got[i], want[i]), "%s: want %s", got[i], want[i])
		}
	}
}

func TestNewRefuses(t *testing.T) {
	dial := func(context.Context) (int, error) { return 0, nil }
	for _, config := range []pool.Config[int]{
		{Dial: dial}, {Close: func(int) {}},
		{Options: pool.Options{MaxSize: -1}, Dial: dial, Close: func(int) {}},
	} {
		_, err := pool.New(config)
		require.Error(t, err)
	}
}
