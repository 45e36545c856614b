package tdsserver

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

// FuzzRequest gives a session messages of any kind: no panic, and no more memory than a
// message can ask for.
func FuzzRequest(f *testing.F) {
	f.Add(byte(packetBatch), []byte("\x16\x00\x00\x00\x12\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00S\x00E\x00T\x00"))
	f.Add(byte(packetTransaction), []byte("\x04\x00\x00\x00\x05\x00\x04\x00"))
	f.Add(byte(packetRPC), []byte("\x04\x00\x00\x00\xff\xff\x0f\x00\x00\x00\x00\x00\x26\x04\x04\x01\x00\x00\x00\xff\xff\xff\x0a\x00\x00\x00"))
	for _, sql := range []string{
		"CREATE TABLE t (id INT IDENTITY(1,1) PRIMARY KEY, v NVARCHAR(10) DEFAULT N'x', d DECIMAL(10,2), UNIQUE (v, d))",
		"INSERT INTO t (v, d) OUTPUT INSERTED.* VALUES ('a', 1.5), (@P1, 0x00); SELECT SCOPE_IDENTITY()",
		"UPDATE t SET d = d + 1, v = 'b' OUTPUT DELETED.d WHERE v IN ('a', NULL) AND d >= 1",
		"SELECT TOP (1) id, [v] AS w FROM t WHERE d IS NOT NULL ORDER BY v DESC OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY",
		"DELETE FROM t WHERE id = CAST('1' AS INT); DROP TABLE IF EXISTS t; EXEC sp_describe_first_result_set N'SELECT n'",
		"BEGIN TRAN; SAVE TRAN a; IF @@TRANCOUNT > 0 ROLLBACK TRAN a; COMMIT",
	} {
		f.Add(byte(packetBatch), appendUTF16([]byte{4, 0, 0, 0}, sql))
	}
	server := &Server{t: f, databases: []string{Database}, live: map[*session]bool{}, tables: tables{}}
	server.OnFunc(func(r *Request) []Answer {
		if !strings.HasPrefix(r.SQL, "SELECT n") {
			return nil
		}
		return []Answer{Rows{Columns: []Column{{Name: "n", Type: Int}}, Values: [][]any{{1}, {2}}}, Status(1)}
	})
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		here, there := net.Pipe()
		defer there.Close()
		s := newSession(server, here)
		defer s.disconnect()
		s.out.to = io.Discard
		server.Forget()
		server.tables = tables{}
		_ = s.handle(message{kind: packetBatch, data: appendUTF16([]byte{4, 0, 0, 0}, "CREATE TABLE t (id INT, v NVARCHAR(9), d DECIMAL(9,2)); INSERT INTO t VALUES (1, 'a', 2.5)")})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if kind == packetLogin {
			_, _ = parseLogin(data)
		} else {
			for range 2 { // once more with what the first one has prepared or begun
				_ = s.handle(message{kind: kind, data: data})
			}
		}
		_, _ = readMessage(bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(4<<20+500*len(data)) {
			t.Fatalf("%d bytes for a message of %d", used, len(data))
		}
	})
}
