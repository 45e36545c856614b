//go:build !linux

package testdb

import (
	"errors"
	"syscall"
)

// detached says that there are no test servers here:
// ending them without fail takes Linux's parent death signal and /proc.
func detached(*account, syscall.Signal) (*syscall.SysProcAttr, error) {
	return nil, errors.New("test database servers run on Linux only")
}
