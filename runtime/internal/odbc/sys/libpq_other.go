//go:build (cgo || windows) && !linux

package sys

// RowsTogether reports false: here nobody changes what a driver takes from its libraries.
func RowsTogether() bool { return false }
