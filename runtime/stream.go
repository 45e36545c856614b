package runtime

import (
	"regexp"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

// canStream reports whether the driver can be made to keep only a part of the
// result. A connection that others use meanwhile never streams: their statements
// would meet the open cursor, and an error in it would end their transaction.
// l.mu must be held.
func (l loan) canStream(sh shape) bool {
	stream := l.plugin.Reads.Stream
	alone := l.item != pool.Item[*physical]{}
	if !alone || !stream.Possible() || !stream.Params && len(sh.params) > 0 || stream.Together && !l.native.RowsTogether() {
		return false
	}
	sh.streams = true
	kept := l.statements.Contains(sh.cacheKey()) // its text has been looked at
	return kept || !writes.MatchString(sh.sql)
}

// writes finds the words of a statement that changes something, be it behind a
// WITH. psqlODBC declares a cursor for one, which PostgreSQL refuses, and
// sqliteodbc executes it only while it is fetched. A name of such a word keeps a
// query from streaming, and does no other harm.
var writes = regexp.MustCompile(`(?i)\b(insert|update|delete|merge|into)\b`)

// streaming sets the connection up for the execution of a streaming statement;
// what it returns undoes that. c.mu must be held.
func (c *physical) streaming() (undo func()) {
	attributes := c.plugin.Reads.Stream.Attributes
	for _, a := range attributes {
		c.native.SetAttribute(a.Code, a.On)
	}
	return func() {
		for _, a := range attributes {
			c.native.SetAttribute(a.Code, a.Off)
		}
	}
}
