//go:build !linux

package sys

// SQLiteWithoutLocks does nothing here: which library the driver is linked with is
// known on Linux.
func SQLiteWithoutLocks() {}
