package odbc

import "golang.org/x/sys/unix"

// LocalPort returns the port that a connection's link comes from, 0 where its socket
// is not known.
func (c *Conn) LocalPort() int {
	if c.socket == nil {
		return 0
	}
	at, err := unix.Getsockname(c.socket.fd)
	if err != nil {
		return -1
	}
	if at, ok := at.(*unix.SockaddrInet4); ok {
		return at.Port
	}
	return -1
}
