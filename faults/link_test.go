package faults_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// link is a way to a server that can be broken.
type link struct{ proxy *toxiproxy.Proxy }

// behindLink returns a database with a link before its server.
func behindLink(t *testing.T, at testdb.Database) (testdb.Database, link) {
	t.Helper()
	return linkFrom(t, at, "127.0.0.1")
}

// linkFrom is the same for a link that begins at another address of this machine.
func linkFrom(t *testing.T, at testdb.Database, address string) (testdb.Database, link) {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "link", address+":0", "127.0.0.1:"+settingOf(at.DSN, "port"))
	require.NoError(t, proxy.Start())
	t.Cleanup(proxy.Stop)
	_, port, err := net.SplitHostPort(proxy.Listen)
	require.NoError(t, err)
	return testdb.Database{Name: at.Name, DSN: replaceKey(at.DSN, "port", "Port="+port)}, link{proxy}
}

// settingOf returns the value of a key in a connection string.
func settingOf(dsn, key string) string {
	for part := range strings.SplitSeq(dsn, ";") {
		if name, value, _ := strings.Cut(part, "="); strings.EqualFold(name, key) {
			return value
		}
	}
	return ""
}

// upstream and downstream are the directions of a link, from the client.
const (
	upstream   = "upstream"
	downstream = "downstream"
)

// hurt gives the link a toxic; see Toxiproxy's README for their attributes.
func (l link) hurt(t testing.TB, kind, direction, attributes string) {
	t.Helper()
	toxic := fmt.Sprintf(`{"name": "%s-%s", "type": "%[1]s", "stream": "%[2]s", "attributes": {%[3]s}}`, kind, direction, attributes)
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic))
	require.NoError(t, err)
}

// reset ends all connections with RST, and those to come.
func (l link) reset(t testing.TB) { l.hurt(t, "reset_peer", upstream, `"timeout": 0`) }

// stall lets nothing through any more, and closes nothing.
func (l link) stall(t testing.TB) {
	l.hurt(t, "timeout", upstream, `"timeout": 0`)
	l.hurt(t, "timeout", downstream, `"timeout": 0`)
}

// moveTo ends all connections, and leads those to come to another port.
func (l link) moveTo(t testing.TB, port string) {
	t.Helper()
	next := &toxiproxy.Proxy{Listen: l.proxy.Listen, Upstream: "127.0.0.1:" + port, Enabled: true}
	require.NoError(t, l.proxy.Update(next))
}

// heal takes what is wrong with the link away. Connections that were stalled are closed.
func (l link) heal() { l.proxy.Toxics.ResetToxics(context.Background()) }

// cut ends a link behind so many bytes of a direction, or with RST at once.
type cut struct {
	direction string // "" for RST
	bytes     int
}

func (c cut) hurt(t testing.TB, l link) {
	if c.direction == "" {
		l.reset(t)
		return
	}
	l.hurt(t, "limit_data", c.direction, fmt.Sprint(`"bytes": `, c.bytes))
}

// TestF7_LinkResetWithinABulkInsert: the report says of each row whether it is stored,
// or that nobody knows, and with it the insert can go on without a row twice.
func TestF7_LinkResetWithinABulkInsert(t *testing.T) {
	const rows, chunk = 20_000, 500
	onServers(t, func(t *testing.T, e engine) {
		cuts := []cut{{}, {upstream, 10_000}, {downstream, 35}, {downstream, 500}}
		if !testing.Short() {
			cuts = append(cuts, cut{upstream, 1}, cut{upstream, 70_000})
			for bytes := 0; bytes < 450; bytes += 15 {
				cuts = append(cuts, cut{downstream, bytes})
			}
		}
		for _, cut := range cuts {
			t.Run(fmt.Sprint(cut.direction, cut.bytes), func(t *testing.T) {
				real := e.shared(t)
				leavesNothing(t, 4)
				at, link := behindLink(t, real)
				db := open(t, at)
				l := newLedger(t, database{real, nil})
				midway := runtime.BulkProgress(func(done int64) {
					if done == 4*chunk {
						cut.hurt(t, link)
					}
				})
				_, err := insertEntries.Insert(t.Context(), db, numbersTo(rows), runtime.BulkChunk(chunk), midway)
				if err == nil { // each cut met a connection between two chunks
					require.Equal(t, [][]string{{fmt.Sprint(rows)}}, testdb.Query(t, real, "SELECT count(DISTINCT n) FROM entries"))
					return
				}
				var report *runtime.BulkError
				require.ErrorAs(t, err, &report)
				require.NotEmpty(t, report.Stored)
				require.True(t, runtime.IsConnectionError(err), "%v", err)
				noteReport(l, report)
				link.heal()
				eventually(t, 10*time.Second, func() bool { return len(e.sessionsOf(t, real)) == 0 }, "the server has noticed")
				l.require(t, database{real, nil})
				require.GreaterOrEqual(t, len(l.acked), 4*chunk)

				resume(t, db, real, report, rows)
				all := testdb.Query(t, real, "SELECT count(*), count(DISTINCT n), min(n), max(n) FROM entries")
				require.Equal(t, [][]string{{fmt.Sprint(rows), fmt.Sprint(rows), "1", fmt.Sprint(rows)}}, all)
			})
		}
	})
}

// noteReport enters the rows of a report into the ledger.
func noteReport(l *ledger, report *runtime.BulkError) {
	for _, r := range report.Stored {
		l.note(nil, numbersOf(r)...)
	}
	for _, c := range report.Failed {
		if c.Unknown {
			l.doubt(numbersOf(c.RowRange)...)
		}
	}
}

func numbersOf(r runtime.RowRange) (all []int64) {
	for n := r.First; n <= r.Last; n++ {
		all = append(all, n)
	}
	return all
}

// resume inserts what the report does not say to be stored, after a look at the chunks
// of which it does not know.
func resume(t *testing.T, db database, real testdb.Database, report *runtime.BulkError, rows int64) {
	t.Helper()
	done := map[int64]bool{}
	for _, r := range report.Stored {
		for _, n := range numbersOf(r) {
			done[n] = true
		}
	}
	for _, c := range report.Failed {
		if !c.Unknown {
			continue
		}
		there := testdb.Query(t, real, fmt.Sprintf("SELECT count(*) FROM entries WHERE n BETWEEN %d AND %d", c.First, c.Last))[0][0]
		require.Contains(t, []string{"0", fmt.Sprint(c.Last - c.First + 1)}, there, "all of a chunk or nothing")
		for _, n := range numbersOf(c.RowRange) {
			done[n] = there != "0"
		}
	}
	_, err := insertEntries.Insert(t.Context(), db, func(yield func(int64) bool) {
		for n := range numbersTo(rows) {
			if !done[n] && !yield(n) {
				return
			}
		}
	})
	require.NoError(t, err)
}

// TestF5_StalledLink: a link that takes everything and answers nothing. The caller
// returns at its deadline, and the connection is given up with the call that is stuck.
func TestF5_StalledLink(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		for _, idle := range []bool{false, true} {
			t.Run(fmt.Sprint("idle=", idle), func(t *testing.T) {
				real := e.shared(t)
				leavesNothing(t, 8)
				at, link := behindLink(t, real)
				db := open(t, at, sized(2))
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				if idle {
					link.stall(t)
				} else {
					go func() {
						e.busy(t, real, "%60%")
						link.stall(t)
					}()
				}
				_, err := ints("Sleep", "SELECT "+fmt.Sprintf(e.sleep, "60")+" AS n").One(ctx, db, 0)
				requireDeadline(t, ctx, err)
				link.heal()
				db.serves(t)
			})
		}
	})
}

// requireDeadline checks that a call has ended with its deadline.
func requireDeadline(t *testing.T, ctx context.Context, err error) {
	t.Helper()
	deadline, _ := ctx.Deadline()
	late := time.Since(deadline)
	t.Logf("%v behind the deadline", late)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, late, 100*time.Millisecond+slack)
}

// slack is for a machine that has other things to do.
const slack = 400 * time.Millisecond

// TestF9_CancelHangs: the link stalls when the statement is to be cancelled, so that
// the cancel gets no answer either.
func TestF9_CancelHangs(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		real := e.shared(t)
		leavesNothing(t, 8)
		at, link := behindLink(t, real)
		db := open(t, at, sized(2))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error)
		go func() {
			_, err := ints("Sleep", "SELECT "+fmt.Sprintf(e.sleep, "60")+" AS n").One(ctx, db, 0)
			ended <- err
		}()
		e.busy(t, real, "%60%")
		link.stall(t)
		cancel()
		start := time.Now()
		select {
		case err := <-ended:
			require.ErrorIs(t, err, context.Canceled)
		case <-time.After(5 * time.Second):
			require.Fail(t, "the caller waits for the cancel")
		}
		t.Logf("%v behind the cancel", time.Since(start))
		require.Less(t, time.Since(start), 100*time.Millisecond+slack)
		link.heal()
		db.serves(t)
	})
}
