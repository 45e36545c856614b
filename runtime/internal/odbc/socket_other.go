//go:build !linux

package odbc

// Which socket is a connection's is not known but on Linux: a call that does not
// end is abandoned.
type (
	socket   struct{}
	search   struct{}
	searches struct{}
)

var sockets searches

func (searches) begin() *search            { return nil }
func (searches) beginNow() *search         { return nil }
func (searches) release(*socket)           {}
func (*search) end(connected bool) *socket { return nil }
func (*search) cut()                       {}
func (*socket) shutDown()                  {}
