package runtime

import (
	"context"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// cursor reads the result of an executed statement block by block. With prefetch,
// from the second full block on, the next one is fetched on a goroutine of the
// cursor's own while the caller reads the one before.
type cursor struct {
	s    *statement // nil before it is prepared
	size int        // rows wanted in the next block
	turn int        // the Rowset to fill next: the other one while a block is read
	last bool       // the block fetched last ends the result
	only bool       // the caller takes no result behind it

	ask     chan struct{} // for one block each; nil before the first is asked for
	got     chan block
	cancel  context.CancelFunc // ends the fetch of a block that nobody wants any more
	pending bool               // a block has been asked for and not been taken
}

// block is what one fetch came to.
type block struct {
	rowset *odbc.Rowset
	rows   int
	last   bool
	err    error
}

// load makes the block's Batch ready to be read.
func (b block) load() *protocol.Batch {
	b.rowset.Load()
	return b.rowset.Batch()
}

// Rows of blocks: the first is small, so that the first row comes soon; each
// full one is followed by a larger, up to a bound in memory.
const (
	oneRow      = 2 // one, and another that must not be
	firstBlock  = 64
	blockGrowth = 8
	largeBlock  = firstBlock * blockGrowth * blockGrowth // larger ones are no faster on any driver measured
)

// next returns the next block; one without rows is the end. It is valid until
// the next call.
func (c *cursor) next(ctx context.Context) block {
	if c.last {
		return block{}
	}
	b := c.take(ctx)
	c.last = b.last
	if !c.last && c.size == largeBlock && c.s.c.prefetch {
		c.fetchAhead(ctx)
	}
	return b
}

func (c *cursor) take(ctx context.Context) block {
	if c.pending {
		c.pending = false
		return <-c.got
	}
	return c.fetch(ctx)
}

// fetch fetches a block into the Rowset whose turn it is, and makes the next
// block larger if this one is full.
func (c *cursor) fetch(ctx context.Context) block {
	if err := c.s.c.mu.lockUntil(ctx); err != nil {
		return block{last: true, err: err}
	}
	defer c.s.c.mu.Unlock()
	return c.fetchLocked(ctx)
}

// fetchLocked is fetch. The connection's mu must be held.
func (c *cursor) fetchLocked(ctx context.Context) block {
	r, size, err := c.s.rowset(c.turn, c.size)
	if err != nil {
		return block{last: true, err: err}
	}
	n, last, err := c.s.native.Fetch(ctx, r, size)
	if last && c.only && err == nil {
		err = c.s.native.Finish(ctx)
	}
	if c.size >= firstBlock {
		c.size = min(c.size*blockGrowth, largeBlock)
	}
	if c.s.c.prefetch { // or the one Rowset stays in the processor's cache
		c.turn = 1 - c.turn
	}
	return block{r, n, last, err}
}

// fetchAhead asks for the next block.
func (c *cursor) fetchAhead(ctx context.Context) {
	if c.ask == nil {
		c.ask, c.got = make(chan struct{}, 1), make(chan block, 1)
		ctx, c.cancel = context.WithCancel(ctx)
		go func() {
			for range c.ask {
				c.got <- c.fetch(ctx)
			}
		}()
	}
	c.pending = true
	c.ask <- struct{}{}
}

// stop ends the fetching ahead. A block that is being fetched is waited for, which its
// cancel makes short; its error is returned.
func (c *cursor) stop() (ahead error) {
	if c.ask == nil {
		return nil
	}
	c.cancel()
	close(c.ask)
	if c.pending {
		ahead = (<-c.got).err
	}
	return ahead
}

// close ends the result, whose statement is given up where it has failed. The
// connection's mu must be held.
func (c *cursor) close(failed bool) {
	if c.s == nil {
		return
	}
	if c.s.shape.streams && !c.last {
		// sqliteodbc 0.9998 goes on in the old result when it executes again, and
		// psqlODBC 13 commits before it closes the cursor of a freed statement: the
		// server then makes the rest of the result, to keep it.
		failed = c.s.native.CloseCursor() != nil || c.s.c.plugin.Reads.Stream.Once || failed
	}
	c.s.done(failed)
}
