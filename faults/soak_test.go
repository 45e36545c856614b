package faults_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

// TestSoak works on three databases at once while all kinds of faults meet them, for as
// long as SOAK says, and in the end nothing is lost, wrong or left over. The seed of its
// choices is SOAK_SEED.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(cmp.Or(os.Getenv("SOAK"), "15s"))
	require.NoError(t, err)
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("SOAK_SEED"), fmt.Sprint(rand.Uint32())), 10, 64)
	require.NoError(t, err)
	t.Logf("SOAK=%v SOAK_SEED=%d", length, seed)
	s := newSoak(t, seed)
	for s.began = time.Now(); time.Since(s.began) < length; {
		s.round(min(30*time.Second, max(length/6, 5*time.Second)))
	}
	s.summary()
	s.requireFlat()
}

// soak is a run. Its callers rest between rounds, when all is counted.
type soak struct {
	testing.TB
	choice    *rand.Rand // of the goroutine of the test
	began     time.Time
	databases []*soaked
	deck      []blow // those of this turn that are still to come
	rests     []rest // after each round
	tally
}

// soakCallers is how many work on each database, soakCeiling the most connections there.
const (
	soakCallers = 8
	soakCeiling = 12
)

func newSoak(t *testing.T, seed uint64) *soak {
	s := &soak{TB: t, choice: rand.New(rand.NewPCG(seed, 0)), tally: tally{errors: map[string]int{}, hit: map[string]int{}}}
	servers := []*soaked{newSoakedServer(t, engines[0]), newSoakedServer(t, engines[1])}
	leavesNothing(t, 3*2*soakCeiling) // a call on each connection, or its SQLCancel too
	s.databases = append(servers, newSoakedFile(t))
	for _, db := range s.databases {
		db.open(t)
	}
	return s
}

// round has all callers work while things break, waits until they rest, and looks at
// what is stored.
func (s *soak) round(length time.Duration) {
	ctx, cancel := context.WithTimeout(s.Context(), length)
	defer cancel()
	var callers sync.WaitGroup
	for _, db := range s.databases {
		for range soakCallers {
			c := &caller{soak: s, db: db, choice: rand.New(rand.NewPCG(s.choice.Uint64(), 0))}
			callers.Go(func() { c.work(ctx) })
		}
	}
	s.breakThings(ctx)
	<-ctx.Done()
	s.awaitAll(&callers)
	for _, db := range s.databases {
		db.requireStored(s)
	}
	s.rests = append(s.rests, s.rest())
	s.Log(s.line())
}

// awaitAll waits for callers whose context has ended.
func (s *soak) awaitAll(callers *sync.WaitGroup) {
	all := make(chan struct{})
	go func() {
		callers.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-time.After(30 * time.Second):
		debug.SetTraceback("all")
		panic("callers do not return from calls whose context has ended")
	}
}

// rest is what the process holds when nobody works.
type rest struct {
	at, rss, heap           float64 // minutes, MB, MB
	connections, statements int64
	goroutines              int
	footprint
}

func (s *soak) rest() rest {
	debug.FreeOSMemory()
	var memory goruntime.MemStats
	goruntime.ReadMemStats(&memory)
	r := rest{
		at: time.Since(s.began).Minutes(), rss: residentMB(s), heap: float64(memory.HeapAlloc) / (1 << 20),
		goroutines: goruntime.NumGoroutine(), footprint: takeFootprint(s),
	}
	r.connections, r.statements = runtime.Handles()
	return r
}

func residentMB(t testing.TB) float64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return float64(pages*os.Getpagesize()) / (1 << 20)
}

// line tells of the last round.
func (s *soak) line() string {
	r := s.rests[len(s.rests)-1]
	line := fmt.Sprintf("%4.0fs %d calls, RSS %.1f MB, heap %.1f MB, %d connections, %d statements, %d goroutines, %d threads, %d files; pools",
		r.at*60, s.calls.Load(), r.rss, r.heap, r.connections, r.statements, r.goroutines, r.threads, r.files)
	for _, db := range s.databases {
		stat := db.Stat()
		line += fmt.Sprintf(" %s %d/%d (%d dials, %d failed)", db.Name, stat.Total(), stat.Max, stat.Dials, stat.DialFailures)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return line + "; errors " + counted(s.errors)
}

// tally counts what has happened.
type tally struct {
	calls atomic.Int64
	mu    sync.Mutex // guards the following

	errors map[string]int // by kind
	hit    map[string]int // by name of the blow
}

func (t *tally) note(err error) {
	t.calls.Add(1)
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors[kindOf(err)]++
}

// kindOf returns the kind of an error in words.
func kindOf(err error) string {
	e := (*runtime.Error)(nil)
	switch {
	case !errors.As(err, &e):
		return "of the caller"
	case e.Op == "connect":
		return "no connection"
	}
	return e.Kind.Error()
}

// counted shows counts, the largest first.
func counted(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprint(name, " ", counts[name])
	}
	return strings.Join(names, ", ")
}

func (s *soak) summary() {
	s.Logf("%d calls in %v; blows: %s", s.calls.Load(), time.Since(s.began).Round(time.Second), counted(s.hit))
	for _, db := range s.databases {
		s.Logf("%s: %d rows acknowledged, %d of unknown outcome; look-ups in calm weather: %v; after the end of their context calls took: %v",
			db.Name, db.stored, len(db.ledger.unknown), &db.lookUps, &db.late)
	}
}

// What the process may hold more at the last rest than at most in the first half, and by
// how much its memory may grow in the second half, where that is long enough to tell
// growth from noise. doc/faults.md says why.
const (
	moreCount   = 16  // goroutines, files, and threads
	moreMB      = 16  // from flatMinutes on
	flatMinutes = 1.0 // of the second half
	slopeMB     = 2.0 // a minute, from slopeLength on
	slopeLength = 4.0 // minutes of the second half
)

// requireFlat checks that the process holds no more and more.
func (s *soak) requireFlat() {
	half := len(s.rests) / 2
	first, second := s.rests[:half], s.rests[half:]
	last := second[len(second)-1]
	for _, count := range []struct {
		name string
		of   func(rest) int
	}{
		{"goroutines", func(r rest) int { return r.goroutines }},
		{"files", func(r rest) int { return r.files }},
		{"threads", func(r rest) int { return r.threads }},
	} {
		most := 0
		for _, r := range first {
			most = max(most, count.of(r))
		}
		require.LessOrEqual(s, count.of(last), most+moreCount, count.name)
	}
	mb, most := slope(second), slices.MaxFunc(first, func(a, b rest) int { return cmp.Compare(a.rss, b.rss) }).rss
	s.Logf("in the second half RSS changes by %.2f MB a minute, to %.1f MB from at most %.1f MB before", mb, last.rss, most)
	if last.at-second[0].at >= flatMinutes {
		require.Less(s, last.rss, most+moreMB, "memory grows")
	}
	if last.at-second[0].at >= slopeLength {
		require.Less(s, mb, slopeMB, "memory grows")
	}
}

// slope returns the growth of RSS a minute, by least squares.
func slope(rests []rest) float64 {
	var at, rss, product, square float64
	for _, r := range rests {
		at += r.at / float64(len(rests))
		rss += r.rss / float64(len(rests))
	}
	for _, r := range rests {
		product += (r.at - at) * (r.rss - rss)
		square += (r.at - at) * (r.at - at)
	}
	if square == 0 {
		return 0
	}
	return product / square
}
