package protocol

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// largeBody is what a goroutine is worth.
const largeBody = 16 << 10

// shrinking is a body that is to be compressed.
type shrinking struct {
	column *packedColumn
	body   []byte
	room   []byte // for the body as it is stored
	stored []byte // nil if it did not get shorter
}

// compress replaces bodies by shorter ones. They are compressed into memory behind the
// frame, several at a time, and then moved to their places.
func (p *packing) compress(c Compression) {
	bodies := p.shrinkings()
	shrink(bodies, c)
	end := p.start + packedHeader + p.table
	for i := range bodies {
		s := &bodies[i]
		stored := s.body
		if s.stored != nil {
			stored, s.column.compression = s.stored, c
		}
		s.column.stored = int64(len(stored))
		end += copy(p.out[end:], stored)
		padded := p.start + aligned(end-p.start)
		clear(p.out[end:padded])
		end = padded
	}
	p.out = p.out[:end]
}

// shrinkings returns the bodies in order, each with room behind all of them.
func (p *packing) shrinkings() []shrinking {
	end, room := len(p.out), 0
	for i := range p.bodies {
		room += roomToShrink(p.bodies[i].size)
	}
	p.out = slices.Grow(p.out, room)
	rest := p.out[end : end+room]
	bodies := make([]shrinking, len(p.bodies))
	for i := range p.bodies {
		e := &p.bodies[i]
		n := roomToShrink(e.size)
		bodies[i] = shrinking{column: e, body: p.out[e.at:][:e.size], room: rest[:0:n]}
		rest = rest[n:]
	}
	return bodies
}

// roomToShrink returns the bytes that a body may take where it does not get shorter.
func roomToShrink(size int64) int { return int(size + size/256 + 64) }

// shrink compresses bodies, the largest first, on as many processors as have a large
// one. What becomes of a body does not depend on that.
func shrink(bodies []shrinking, c Compression) {
	queue, large := make([]*shrinking, len(bodies)), 0
	for i := range bodies {
		queue[i] = &bodies[i]
		if len(bodies[i].body) > largeBody {
			large++
		}
	}
	slices.SortFunc(queue, func(a, b *shrinking) int { return cmp.Compare(len(b.body), len(a.body)) })
	var next atomic.Int64
	work := func() {
		for i := next.Add(1); i <= int64(len(queue)); i = next.Add(1) {
			queue[i-1].shrink(c)
		}
	}
	var others sync.WaitGroup
	for range min(large, runtime.GOMAXPROCS(0)) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}

func (s *shrinking) shrink(c Compression) {
	by := compressNumbers
	if s.column.layout == textLayout {
		by = compress
	}
	if stored, shorter := by(s.room, s.body, c); shorter {
		s.stored = stored
	}
}
