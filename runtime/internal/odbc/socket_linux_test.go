package odbc_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// portSeen are queries for the port that the server sees a connection come from.
var portSeen = map[string]string{
	"postgres": "SELECT CAST(inet_client_port() AS VARCHAR(64)) AS host",
	"mariadb":  "SELECT host FROM information_schema.processlist WHERE id = connection_id()",
}

// TestSocketIsTheConnections: while the process opens and closes sockets of its own,
// and connections are made, cancelled and closed at the same time, each socket that is
// found is the one that the server sees.
func TestSocketIsTheConnections(t *testing.T) {
	for _, at := range []testdb.Database{testdb.Postgres(t), testdb.MariaDB(t)} {
		for _, dialers := range []int{1, 8, -8} {
			t.Run(at.Name+"/"+strconv.Itoa(dialers), func(t *testing.T) {
				if dialers > 0 {
					noise(t)
				}
				dialers := max(dialers, -dialers)
				var dials, known atomic.Int64
				var all sync.WaitGroup
				for range dialers {
					all.Go(func() {
						for range 40 / dialers {
							if checkSocket(t, at) {
								known.Add(1)
							}
							dials.Add(1)
						}
					})
				}
				all.Wait()
				t.Logf("%d of %d sockets known", known.Load(), dials.Load())
				if dialers == 1 { // others may hide each other's
					require.Greater(t, known.Load(), dials.Load()/2)
				}
			})
		}
	}
	requireNothingLeft(t)
}

// checkSocket compares the socket of a new connection with what the server says, and
// reports whether it is known.
func checkSocket(t *testing.T, at testdb.Database) bool {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := odbc.Connect(ctx, at.DSN)
	if err != nil {
		t.Error(err)
		return false
	}
	defer c.Close()
	port := c.LocalPort()
	if port == 0 {
		return false
	}
	s, err := c.Prepare(ctx, portSeen[at.Name], odbc.StmtOptions{})
	if err != nil {
		t.Error(err)
		return false
	}
	defer s.Close()
	b := protocol.NewBatch([]protocol.ColumnSpec{{Kind: protocol.Text, Width: 80}}, 1)
	if err := s.Execute(ctx); err != nil {
		t.Error(err)
		return false
	}
	r := s.NewRowset(b, nil, 1)
	if _, _, err := s.Fetch(ctx, r, 1); err != nil {
		t.Error(err)
		return false
	}
	r.Load()
	seen := b.Text(0).Null(0).V
	if _, after, ok := strings.Cut(seen, ":"); ok {
		seen = after
	}
	if seen != strconv.Itoa(port) {
		t.Errorf("the server sees port %s, the socket has %d", seen, port)
	}
	return true
}

// noise opens and closes TCP connections of Go until the test ends.
func noise(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var stop atomic.Bool
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				_, _ = c.Read(make([]byte, 1))
				c.Close()
			})
		}
	})
	for range 4 {
		all.Go(func() {
			for !stop.Load() {
				c, err := net.Dial("tcp", listener.Addr().String())
				if err != nil { // the listener is closed
					return
				}
				_, _ = c.Write([]byte{1})
				c.Close()
			}
		})
	}
	t.Cleanup(func() {
		stop.Store(true)
		listener.Close()
		all.Wait()
	})
}
