// Command bench measures generated code against the floor, a C program that does
// the same through ODBC, and against peers, other drivers of the same database.
// See README.md.
//
// Figures are only compared within one run: the contenders take turns on the same
// database, each in a process of its own, and all must come to the same result.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do := measureAll
	if len(os.Args) > 1 {
		do = func(ctx context.Context) error { return serve(ctx, os.Args[1:]) }
	}
	if err := do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
