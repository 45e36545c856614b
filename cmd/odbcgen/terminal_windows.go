package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// obeys makes a console obey control sequences, and tells whether it does: those
// before Windows 10 show them.
func obeys(console *os.File) bool {
	var mode uint32
	handle := windows.Handle(console.Fd())
	return windows.GetConsoleMode(handle, &mode) == nil &&
		windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
