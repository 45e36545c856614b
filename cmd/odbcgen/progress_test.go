package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator"
)

func TestProgressIsOneLineThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		p := newProgress(&screen, func() int { return 30 })
		for i := range 1000 {
			p.show(generator.Progress{Done: i, Total: 1000, Name: fmt.Sprint("GetBook", i)})
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			require.Equal(t, i < 9, screen.Len() == 0, "something is drawn after a second, %d", i)
		}
		p.show(generator.Progress{Done: 1000, Total: 1000})
		lines := strings.Split(screen.String(), "\r")
		require.Equal(t, []string{"", "", "describing 10/1000 GetBook9, ", strings.Repeat(" ", 29)}, lines[:4])
		require.Equal(t, []string{"describing 1000/1000 GetBook9", strings.Repeat(" ", 29), ""}, lines[len(lines)-3:])
	})
}

func TestProgressOfAShortRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		p := newProgress(&screen, func() int { return 0 })
		for i := range 9 {
			p.show(generator.Progress{Done: i, Total: 8, Name: "GetBook"})
			time.Sleep(100 * time.Millisecond)
		}
		require.Empty(t, screen.String())
	})
}

func TestDescribing(t *testing.T) {
	tests := []struct {
		done   int
		passed time.Duration
		want   string
	}{
		{0, time.Second, "describing 1/1000 GetBook"},
		{119, 2 * time.Second, "describing 120/1000 GetBook, 15 s left"},
		{119, time.Minute, "describing 120/1000 GetBook, 7 min left"},
		{999, time.Minute, "describing 1000/1000 GetBook, 0 s left"},
	}
	for _, tt := range tests {
		at := generator.Progress{Done: tt.done, Total: 1000, Name: "GetBook"}
		require.Equal(t, tt.want, describing(at, tt.passed))
	}
}
