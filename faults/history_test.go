package faults_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

// TestF50_HistoriesAreLinearizable: clients read and write registers while sessions are
// ended and the server restarts. What they saw must fit one order of the operations,
// in which those of unknown outcome may stand anywhere after their begin, or nowhere.
func TestF50_HistoriesAreLinearizable(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		server := e.own(t)
		at := server.Fresh(t)
		leavesNothing(t, 10)
		db := open(t, at, sized(6))
		db.exec(t, "CREATE TABLE registers (k BIGINT PRIMARY KEY, v BIGINT NOT NULL); INSERT INTO registers VALUES (0, 0), (1, 0), (2, 0)")
		var h history
		end := h.record(t, db, 6)
		for range 3 {
			h.enough(t, 200)
			e.killSessionsIfAny(t, at)
		}
		if e.name == "postgres" {
			server.Kill(t)
		} else { // InnoDB shows a commit to others before it is sure to outlive a kill
			server.Stop(t, e.polite)
		}
		server.Start(t)
		h.enough(t, 200)
		end()
		t.Logf("%d operations, %d unknown", len(h.all), h.unknown)
		require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(register, h.all, time.Minute))
	})
}

// operation is a write of a register, or a read of it, whose value is the output.
type operation struct {
	key   int
	write bool
	value int64
}

// register is a model of registers that begin with 0.
var register = porcupine.Model{
	Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, registers)
		for _, o := range all {
			k := o.Input.(operation).key
			parts[k] = append(parts[k], o)
		}
		return parts
	},
	Init: func() any { return int64(0) },
	Step: func(state, input, output any) (bool, any) {
		o := input.(operation)
		if o.write {
			return true, o.value
		}
		return output == state, state
	},
}

const registers = 3

// history is what clients did and saw.
type history struct {
	next atomic.Int64 // value to write, each once

	mu      sync.Mutex // guards the following
	all     []porcupine.Operation
	unknown int
}

// record has clients work until end is called.
func (h *history) record(t *testing.T, db database, clients int) (end func()) {
	var reads []*runtime.Query[int64, int64]
	var writes []*runtime.Command[int64]
	for k := range registers {
		reads = append(reads, ints("Read", fmt.Sprintf("SELECT v FROM registers WHERE k = %d", k)))
		writes = append(writes, command("Write", fmt.Sprintf("UPDATE registers SET v = ? WHERE k = %d", k)))
	}
	working, cancel := context.WithCancel(t.Context())
	start := time.Now()
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for working.Err() == nil {
				o := operation{key: rand.IntN(registers), write: rand.IntN(2) == 0}
				done := porcupine.Operation{ClientId: client, Call: int64(time.Since(start))}
				var err error
				if o.write {
					o.value = h.next.Add(1)
					err = writes[o.key].Exec(t.Context(), db, o.value)
				} else {
					done.Output, err = reads[o.key].One(t.Context(), db, 0)
				}
				done.Input, done.Return = o, int64(time.Since(start))
				h.add(done, o.write, err)
			}
		})
	}
	return func() {
		cancel()
		group.Wait()
	}
}

// add adds an operation that changed something or saw it, or may have.
func (h *history) add(done porcupine.Operation, write bool, err error) {
	if err != nil {
		if !write || outcome(err) != runtime.OutcomeUnknown {
			return
		}
		done.Return = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.unknown++
		done.ClientId = -h.unknown // its client goes on
	}
	h.all = append(h.all, done)
}

// enough waits until so many more operations are recorded.
func (h *history) enough(t *testing.T, n int) {
	t.Helper()
	recorded := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.all)
	}
	before := recorded()
	eventually(t, 20*time.Second, func() bool { return recorded() >= before+n }, "operations succeed")
}
