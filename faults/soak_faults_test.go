package faults_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// soaked is a database of the soak. Its pool goes through the link.
type soaked struct {
	database
	real    testdb.Database
	engine  *engine // nil for SQLite, as are the two that follow
	server  *testdb.Server
	link    link
	admin   *runtime.DB // straight to the server
	types   string      // of a long text
	empty   string      // statement that empties the table %s
	working string      // query for the number of transactions and statements under way
	endless *runtime.Query[int64, int64]
	setting setting

	ledger  *ledger
	stored  int          // rows acknowledged in the rounds before
	sick    atomic.Int64 // when it may be calm again, in Unix nanoseconds
	lookUps delays       // in calm weather
	late    delays       // of calls, behind the end of their context
}

// setting is one of a session.
type setting struct {
	change          string
	get             *runtime.Query[int64, string]
	before, changed string
}

func newSoakedServer(t *testing.T, e engine) *soaked {
	server := e.own(t)
	db := &soaked{real: server.Fresh(t), engine: &e, server: server}
	db.types = map[string]string{"postgres": "TEXT", "mariadb": "LONGTEXT"}[e.name]
	db.empty = "TRUNCATE TABLE %s"
	db.working = map[string]string{
		"postgres": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL",
		"mariadb": `SELECT (SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id() AND command <> 'Sleep')
			+ (SELECT count(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> connection_id())`,
	}[e.name]
	db.endless = ints("Endless", "SELECT "+fmt.Sprintf(e.sleep, "5")+" AS n") // and goes on where nobody can cancel it
	db.setting = map[string]setting{
		"postgres": {"SET odbcgen.soak = 'mine'", texts("Setting", "SELECT coalesce(current_setting('odbcgen.soak', true), '') AS s"), "", "mine"},
		"mariadb":  {"SET @soak = 'mine'", texts("Setting", "SELECT CAST(coalesce(@soak, '') AS CHAR) AS s"), "", "mine"},
	}[e.name]
	return db
}

func newSoakedFile(t *testing.T) *soaked {
	return &soaked{
		real: testdb.SQLite(t), types: "TEXT", empty: "DELETE FROM %s",
		endless: ints("Endless", "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) AS n FROM c"),
		setting: setting{"CREATE TEMP TABLE mine AS SELECT 1 AS n", texts("Setting", "SELECT '' || count(*) AS s FROM sqlite_temp_master"), "0", "1"},
	}
}

// open opens the pool of the soak, whose connections live for moments, and makes the tables.
func (db *soaked) open(t *testing.T) {
	at := db.real
	if db.engine != nil {
		at, db.link = behindLink(t, db.real)
		db.admin = open(t, db.real, sized(1)).DB
	}
	db.database = open(t, at, runtime.WithPool(runtime.PoolOptions{
		MaxSize: 6, MinSize: 1, Ceiling: soakCeiling, IdleTimeout: time.Second, MaxLifetime: 5 * time.Second, CheckAfter: 200 * time.Millisecond,
	}))
	db.ledger = newLedger(t, db.database)
	db.exec(t, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)")
	for id := range soakAccounts {
		db.exec(t, fmt.Sprintf("INSERT INTO accounts VALUES (%d, 1000)", id))
	}
	choice := rand.New(rand.NewPCG(1, 1))
	db.fill(t, insertShort, choice, shortRows, 100)
	db.fill(t, insertLong, choice, longRows, 100_000)
}

func (db *soaked) fill(t *testing.T, insert *runtime.Bulk[checkedRow], choice *rand.Rand, rows, length int) {
	db.exec(t, fmt.Sprintf("CREATE TABLE %s (id BIGINT PRIMARY KEY, crc BIGINT NOT NULL, body %s NOT NULL)", insert.Table, db.types))
	_, err := insert.Insert(t.Context(), db, func(yield func(checkedRow) bool) {
		for id := range rows {
			if !yield(newCheckedRow(choice, int64(id), choice.IntN(length))) {
				return
			}
		}
	})
	require.NoError(t, err)
}

// requireStored checks what is stored when nobody works, and empties the ledger's table.
func (db *soaked) requireStored(t testing.TB) {
	t.Helper()
	eventually(t, 20*time.Second, func() bool { // and those that lie idle are too many soon
		s := db.Stat()
		return s.Total() <= 1 && s.InUse == 0 && s.Stuck == 0 && s.Waiting == 0
	}, "connections of %s are given back", db.Name)
	if db.working != "" { // a server may still do what a client has given up
		eventually(t, 20*time.Second, func() bool { return db.shown(t, db.working)[0][0] == "0" }, "%s is idle", db.Name)
	}
	db.ledger.require(t, db.database)
	require.Equal(t, fmt.Sprint(soakAccounts*1000), db.shown(t, "SELECT sum(n) FROM accounts")[0][0], "the sum of %s", db.Name)
	db.exec(t, fmt.Sprintf(db.empty, "entries"))
	db.stored += len(db.ledger.acked)
	db.ledger.acked = db.ledger.acked[:0]
}

// calmSince reports whether nothing was wrong with the database since then.
func (db *soaked) calmSince(then time.Time) bool { return then.UnixNano() > db.sick.Load() }

// blow is a fault that meets a database.
type blow struct {
	name string
	db   *soaked
	hit  func(*soak, context.Context, *soaked)
}

// recovery is how long after a blow a database does not count as calm.
const recovery = time.Second

// breakThings deals one blow after the other until ctx ends, and leaves all whole.
func (s *soak) breakThings(ctx context.Context) {
	for s.pause(ctx, s.upTo(1500*time.Millisecond)); ctx.Err() == nil; s.pause(ctx, s.upTo(1500*time.Millisecond)) {
		if len(s.deck) == 0 {
			s.deck = s.newDeck()
		}
		b := s.deck[0]
		s.deck = s.deck[1:]
		b.db.sick.Store(time.Now().Add(time.Hour).UnixNano())
		b.hit(s, ctx, b.db)
		b.db.sick.Store(time.Now().Add(recovery).UnixNano())
		s.mu.Lock()
		s.hit[b.name]++
		s.mu.Unlock()
	}
}

// upTo chooses a time.
func (s *soak) upTo(most time.Duration) time.Duration {
	return time.Duration(s.choice.Int64N(int64(most)))
}

// newDeck returns each blow for each database that it can meet, in any order.
func (s *soak) newDeck() (deck []blow) {
	for _, db := range s.databases {
		deck = append(deck, blow{"resize", db, (*soak).resize})
		if db.engine == nil {
			continue
		}
		for name, hit := range map[string]func(*soak, context.Context, *soaked){
			"kill": (*soak).killServer, "restart": (*soak).restartServer, "sessions killed": (*soak).killSome, "freeze": (*soak).freeze,
			"reset": (*soak).resetLink, "stall": (*soak).stallLink, "latency": (*soak).slowLink, "cut": (*soak).cutLink,
		} {
			deck = append(deck, blow{name, db, hit})
		}
	}
	slices.SortFunc(deck, func(a, b blow) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.db.Name, b.db.Name)) })
	s.choice.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}

func (s *soak) resize(_ context.Context, db *soaked) {
	require.NoError(s, db.Resize(1+s.choice.IntN(12)))
}

func (s *soak) killServer(ctx context.Context, db *soaked) {
	db.server.Kill(s)
	s.pause(ctx, s.upTo(time.Second))
	db.server.Start(s)
}

func (s *soak) restartServer(ctx context.Context, db *soaked) {
	db.server.Stop(s, db.engine.polite)
	s.pause(ctx, s.upTo(time.Second))
	db.server.Start(s)
}

// killSome ends every second session. Some may have ended by themselves.
func (s *soak) killSome(ctx context.Context, db *soaked) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := db.admin.Conn(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	ids, err := ints("Sessions", db.engine.sessions).Many(ctx, conn, 0)
	if err != nil {
		return
	}
	for _, id := range ids {
		if s.choice.IntN(2) == 0 {
			_ = conn.Exec(ctx, fmt.Sprintf(db.engine.kill, fmt.Sprint(id)))
		}
	}
}

func (s *soak) freeze(ctx context.Context, db *soaked) {
	db.server.Freeze(s)
	defer db.server.Thaw(s)
	s.pause(ctx, s.upTo(2*time.Second))
}

func (s *soak) resetLink(ctx context.Context, db *soaked) {
	defer db.link.heal()
	db.link.reset(s)
	s.pause(ctx, s.upTo(time.Second))
}

func (s *soak) stallLink(ctx context.Context, db *soaked) {
	defer db.link.heal()
	db.link.stall(s)
	s.pause(ctx, s.upTo(2*time.Second))
}

func (s *soak) slowLink(ctx context.Context, db *soaked) {
	defer db.link.heal()
	db.link.hurt(s, "latency", downstream, `"latency": 20, "jitter": 20`)
	s.pause(ctx, s.upTo(2*time.Second))
}

// cutLink closes the connections, and refuses others for a time. Toxiproxy 2.12.0 leaves
// goroutines behind where it is to close them after so many bytes.
func (s *soak) cutLink(ctx context.Context, db *soaked) {
	db.link.proxy.Stop()
	s.pause(ctx, s.upTo(time.Second))
	require.NoError(s, db.link.proxy.Start())
}

// delays counts times, by powers of the fourth root of two.
type delays struct {
	counts [160]atomic.Int64
	most   atomic.Int64
}

func (d *delays) add(took time.Duration) {
	for most := d.most.Load(); int64(took) > most && !d.most.CompareAndSwap(most, int64(took)); most = d.most.Load() {
	}
	d.counts[min(int(4*math.Log2(float64(max(took, 1)))), len(d.counts)-1)].Add(1)
}

// at returns a time that so large a part of them does not exceed.
func (d *delays) at(part float64, all int64) time.Duration {
	seen := int64(0)
	for i := range d.counts {
		if seen += d.counts[i].Load(); float64(seen) >= part*float64(all) {
			return time.Duration(math.Exp2(float64(i+1) / 4))
		}
	}
	return 0
}

// String shows the percentiles, which are up to a fifth too high.
func (d *delays) String() string {
	all := int64(0)
	for i := range d.counts {
		all += d.counts[i].Load()
	}
	return fmt.Sprintf("p50 %v, p99 %v, most %v (of %d)",
		d.at(0.5, all).Round(time.Microsecond), d.at(0.99, all).Round(time.Microsecond), time.Duration(d.most.Load()).Round(time.Microsecond), all)
}
