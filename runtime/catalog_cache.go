package runtime

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
)

// catalogOptions are those of a catalogCache.
type catalogOptions struct {
	set  bool
	size int
	ttl  time.Duration
}

// The bounds of a catalogCache, and what they are called in the environment.
const (
	catalogSize = 100
	catalogTTL  = 300 * time.Second

	catalogSizeVariable = "ODBC_METADATA_CACHE_SIZE"
	catalogTTLVariable  = "ODBC_METADATA_CACHE_TTL_SECS"
)

// WithCatalogCache sets how many lists of the Catalog a DB keeps, and for how long. The
// default is 100 for 300 seconds; with a size or time of 0 it keeps none. The
// environment has the last word: ODBC_METADATA_CACHE_SIZE and
// ODBC_METADATA_CACHE_TTL_SECS, where they are whole numbers above 0.
//
// The DB forgets its lists when it has sent a statement that may change the catalog,
// in a transaction when that ends too, but does not notice what others send.
func WithCatalogCache(size int, ttl time.Duration) Option {
	return optionFunc(func(o *options) { o.lists = catalogOptions{set: true, size: size, ttl: ttl} })
}

func (o catalogOptions) cache(env func(string) string) *catalogCache {
	if !o.set {
		o.size, o.ttl = catalogSize, catalogTTL
	}
	if n, err := strconv.Atoi(env(catalogSizeVariable)); err == nil && n > 0 {
		o.size = n
	}
	if n, err := strconv.ParseInt(env(catalogTTLVariable), 10, 32); err == nil && n > 0 {
		o.ttl = time.Duration(n) * time.Second
	}
	if o.size <= 0 || o.ttl <= 0 {
		return nil
	}
	c := &catalogCache{ttl: o.ttl}
	c.lists, _ = simplelru.NewLRU[catalogKey, catalogList](o.size, nil)
	return c
}

// catalogCache keeps lists of a Catalog. It is safe for concurrent use. A nil one
// keeps nothing.
type catalogCache struct {
	ttl time.Duration

	mu     sync.Mutex // guards the following
	lists  *simplelru.LRU[catalogKey, catalogList]
	clears int // so far
}

// catalogKey says what a list is of, and who has asked where.
type catalogKey struct {
	identity, database string
	function           odbc.CatalogFunction
	of                 ObjectName
}

type catalogList struct {
	rows  []catalogRow
	until time.Time
}

// get returns a list if it is kept. asOf is for put.
func (c *catalogCache) get(key catalogKey) (rows []catalogRow, asOf int, kept bool) {
	if c == nil {
		return nil, 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list, kept := c.lists.Get(key)
	if kept && !time.Now().Before(list.until) {
		c.lists.Remove(key)
		return nil, c.clears, false
	}
	return list.rows, c.clears, kept
}

// put keeps a list that was asked for after get, unless all were forgotten since.
func (c *catalogCache) put(key catalogKey, rows []catalogRow, asOf int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if asOf == c.clears {
		c.lists.Add(key, catalogList{rows, time.Now().Add(c.ttl)})
	}
}

// clear forgets all lists, and those that are being asked for.
func (c *catalogCache) clear() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clears++
	c.lists.Purge()
}

// defines reports whether a statement may change the catalog: it does not begin as
// one that reads and writes rows or changes settings, or has more to it than that.
func defines(sql string) bool {
	word, text := firstWord(sql), strings.TrimRight(sql, "; \t\r\n")
	switch {
	case strings.Contains(text, ";"):
		return true
	case word == "set":
		return hasWord(text, "statement") // SET STATEMENT … FOR CREATE TABLE …
	case word == "select", word == "with":
		return hasWord(text, "into")
	}
	return !plain[word]
}

func hasWord(text, word string) bool {
	return slices.ContainsFunc(strings.Fields(text), func(w string) bool { return strings.EqualFold(w, word) })
}

// definesNow notes that a statement which may change the catalog is about to be
// executed: what is listed meanwhile is forgotten when it has ended.
func (c *physical) definesNow() {
	c.defining.Store(true)
	c.catalog.clear()
}

// defined forgets what was listed while the catalog changed: behind each call, and for
// the last time behind the transaction. c.mu must be held.
func (c *physical) defined() {
	if !c.defining.Load() {
		return
	}
	c.catalog.clear()
	if c.tx.Load() == nil {
		c.defining.Store(false)
	}
}
