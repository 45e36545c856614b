package pool

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Stat is what a Pool is doing, and has done since New.
type Stat struct {
	Counts

	Acquires  uint64 // that got a value
	Timeouts  uint64 // that ended by AcquireTimeout
	Cancelled uint64 // that ended by the caller's context
	Refused   uint64 // that found as many waiting as may

	// Of the acquires that got their value after a wait, be it for a dial or a check.
	// The percentiles are up to an eighth too high.
	Waits                     uint64
	WaitTotal, WaitMax        time.Duration
	WaitP50, WaitP95, WaitP99 time.Duration

	Dials, DialFailures uint64
	Evicted             Evictions
	Leaks               uint64 // loans longer than LeakThreshold

	Down      bool  // the last dial failed
	DownError error // with this
}

// Evictions counts ended values by cause.
type Evictions struct {
	Idle, Lifetime uint64
	Unhealthy      uint64 // failed their check
	Broken         uint64 // destroyed by their user
	Resized        uint64
}

type eviction uint8

const (
	evictedIdle eviction = iota
	evictedLifetime
	evictedUnhealthy
	evictedBroken
	evictedResized
	evictions
)

// counters are what a Pool counts without mu.
type counters struct {
	room                                   atomic.Int64 // for callers, by size and MaxWaiting
	acquires, timeouts, cancelled, refused atomic.Uint64
	dialed, dialFailures, leaks            atomic.Uint64
	evicted                                [evictions]atomic.Uint64
	waits                                  histogram
}

// Stat returns a snapshot; the sizes in it are of one moment.
func (p *Pool[T]) Stat() Stat {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.statLocked()
}

// statLocked is Stat with p.mu held.
func (p *Pool[T]) statLocked() Stat {
	s := Stat{
		Counts:   p.countsLocked(),
		Acquires: p.acquires.Load(), Timeouts: p.timeouts.Load(), Cancelled: p.cancelled.Load(), Refused: p.refused.Load(),
		Dials: p.dialed.Load(), DialFailures: p.dialFailures.Load(), Leaks: p.leaks.Load(),
		Evicted: Evictions{
			Idle: p.evicted[evictedIdle].Load(), Lifetime: p.evicted[evictedLifetime].Load(), Unhealthy: p.evicted[evictedUnhealthy].Load(),
			Broken: p.evicted[evictedBroken].Load(), Resized: p.evicted[evictedResized].Load(),
		},
		Down: p.dials.failures > 0, DownError: p.dials.err,
	}
	p.waits.into(&s)
	return s
}

// countsLocked returns how many values are in each state. What puddle has as taken
// and is none of ours is on loan. p.mu must be held.
func (p *Pool[T]) countsLocked() Counts {
	select {
	case <-p.ended: // puddle still counts what a dial made after its Close
		return Counts{Max: p.size, Min: p.config.MinSize}
	default:
	}
	s := p.places.Stat()
	return Counts{
		Max: p.size, Min: p.config.MinSize,
		Idle:    int(s.IdleResources()),
		InUse:   max(0, int(s.AcquiredResources())-len(p.empty)-p.dials.placed-len(p.blanks)-p.closing-p.abandoned),
		Dialing: p.dials.placed + p.dials.making,
		Closing: p.closing + p.ending,
		Stuck:   p.outcast + p.abandoned,
		Waiting: len(p.turns),
	}
}

// histogram counts times in buckets, eight for each power of two of nanoseconds.
// It has no lock: its numbers need not be of one moment.
type histogram struct {
	total, most atomic.Int64
	buckets     [64 * 8]atomic.Uint64
}

func (h *histogram) add(d time.Duration) {
	h.total.Add(int64(d))
	h.buckets[bucket(d)].Add(1)
	for most := h.most.Load(); int64(d) > most && !h.most.CompareAndSwap(most, int64(d)); most = h.most.Load() {
	}
}

// bucket returns the bucket of d: its highest bit and the three that follow.
func bucket(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < 8 {
		return int(n)
	}
	top := bits.Len64(n) - 1
	return (top-2)*8 + int(n>>(top-3)&7)
}

// highest returns the longest time of a bucket.
func highest(bucket int) time.Duration {
	if bucket < 8 {
		return time.Duration(bucket)
	}
	top := bucket/8 + 2
	return time.Duration((uint64(bucket%8+9) << (top - 3)) - 1)
}

// into writes the numbers of waits.
func (h *histogram) into(s *Stat) {
	var counts [len(h.buckets)]uint64
	for i := range h.buckets {
		counts[i] = h.buckets[i].Load()
		s.Waits += counts[i]
	}
	s.WaitTotal, s.WaitMax = time.Duration(h.total.Load()), time.Duration(h.most.Load())
	percentile := func(percent uint64) time.Duration {
		rank, seen := (s.Waits*percent+99)/100, uint64(0)
		for i, n := range counts {
			if seen += n; n > 0 && seen >= rank {
				return min(highest(i), s.WaitMax)
			}
		}
		return 0
	}
	s.WaitP50, s.WaitP95, s.WaitP99 = percentile(50), percentile(95), percentile(99)
}
