//go:build gms_pure_go

package conformance_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// renamer stands between psqlODBC and HSQLDB, and gives every statement that is prepared a
// name of its own. psqlODBC 13 names them by their addresses and closes those that it has
// freed late; HSQLDB 2.6 refuses a name that it still has.
type renamer struct {
	server   net.Conn
	names    map[string]string // by those that the driver gave
	prepared int
}

// renamed listens for clients of the server, and returns the port.
func renamed(t *testing.T, server string) (port int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go serveRenamed(client, server)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func serveRenamed(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, server)
	}()
	r := &renamer{server: server, names: map[string]string{}}
	for begun := false; ; begun = true {
		if r.pass(client, begun) != nil {
			return
		}
	}
}

// pass sends one message on. The first has no type.
func (r *renamer) pass(client io.Reader, begun bool) error {
	head := make([]byte, 5)
	if !begun {
		head = head[:4]
	}
	if _, err := io.ReadFull(client, head); err != nil {
		return err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
	if _, err := io.ReadFull(client, body); err != nil {
		return err
	}
	if begun {
		body = r.rename(head[0], body)
	}
	binary.BigEndian.PutUint32(head[len(head)-4:], uint32(len(body)+4))
	_, err := r.server.Write(append(head, body...))
	return err
}

// rename changes the name in Parse, Bind, and the Describe and Close of a statement.
func (r *renamer) rename(kind byte, body []byte) []byte {
	before := 0 // bytes in front of the name
	switch {
	case kind == 'P':
		name, _, _ := bytes.Cut(body, []byte{0})
		r.prepared++
		r.names[string(name)] = fmt.Sprintf("%s_%d", name, r.prepared)
	case kind == 'B':
		before = bytes.IndexByte(body, 0) + 1
	case (kind == 'D' || kind == 'C') && body[0] == 'S':
		before = 1
	default:
		return body
	}
	name, rest, _ := bytes.Cut(body[before:], []byte{0})
	if len(name) == 0 {
		return body
	}
	return fmt.Appendf(nil, "%s%s\x00%s", body[:before], r.names[string(name)], rest)
}
