package testdb

import "syscall"

// detached lets a process run as an account in a session of its own, where no
// Ctrl-C reaches it, and sends it the signal orphaned, if not 0, when the thread
// that started it ends.
func detached(as *account, orphaned syscall.Signal) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setsid: true, Pdeathsig: orphaned}
	if as != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(as.uid), Gid: uint32(as.gid)}
	}
	return attr, nil
}
