package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// ErrListTooLong says that the lists of a call have more values than a statement
// can have parameters, or more than 4 MiB of them.
var ErrListTooLong = errors.New("the list is too long")

// lists are how many values those of a call have, in the order of their markers.
type lists struct {
	counts []int
	key    string // of a statement with room for them
}

// hasList reports whether a parameter is a list.
func hasList(params []Param) bool {
	for _, p := range params {
		if p.List {
			return true
		}
	}
	return false
}

// withLists makes sh the shape of a statement that has markers for all values of
// the lists in p, and returns what writes the parameters to its Batch. Since values
// may be repeated in a list, each has a power of two of markers: few statements do
// for lists of all lengths.
func withLists[P any](c *physical, sh shape, encode func(*protocol.Batch, P), p P) (shape, func(*protocol.Batch, P), error) {
	if !hasList(sh.params) {
		return sh, encode, nil
	}
	b := protocol.NewBatch(specsOf(sh.params), 0)
	encode(b, p)
	err := b.Err()
	if b.Full() {
		err = ErrListTooLong
	}
	switch array := c.plugin.Lists.Array; {
	case err == nil && array:
		sh.lists = lists{counts: make([]int, len(sh.params))}
	case err == nil:
		sh.lists, err = listsOf(c.plugin.Lists, sh.params, b)
	}
	if err != nil {
		return sh, nil, c.operation(sh.name, "bind").wrap(err)
	}
	params, counts := sh.params, sh.lists.counts
	if c.plugin.Lists.Array {
		return sh, func(into *protocol.Batch, _ P) { gather(into, b, params) }, nil
	}
	return sh, func(into *protocol.Batch, _ P) { spread(into, b, params, counts) }, nil
}

// listsOf counts the markers for the lists in b, which are as many as fit.
func listsOf(limits driver.Lists, params []Param, b *protocol.Batch) (lists, error) {
	room := limits.Markers()
	for _, c := range b.Columns() {
		room -= len(c.Indicators())
	}
	if room < 0 {
		return lists{}, fmt.Errorf("%w: %d values, where a statement can have %d", ErrListTooLong, limits.Markers()-room, limits.Markers())
	}
	var l lists
	var key []byte
	for i, c := range b.Columns() {
		if !params[i].List {
			continue
		}
		n := len(c.Indicators())
		if n > 0 {
			more := min(1<<bits.Len(uint(n-1))-n, room)
			n, room = n+more, room-more
		}
		l.counts, key = append(l.counts, n), binary.AppendUvarint(key, uint64(n))
	}
	l.key = string(key)
	return l, nil
}

// spread copies the parameters of b, in which a list is a column of several rows,
// into one row that has a column for each value. The last one fills a list up.
func spread(into, b *protocol.Batch, params []Param, counts []int) {
	at := 0
	for i, c := range b.Columns() {
		markers := 1
		if params[i].List {
			markers, counts = counts[0], counts[1:]
		}
		for n := range markers {
			into.CopyCell(at, c, min(n, len(c.Indicators())-1))
			at++
		}
	}
}

// gather copies the parameters of b into one row, in which a list is an array literal.
func gather(into, b *protocol.Batch, params []Param) {
	for i, c := range b.Columns() {
		switch n := len(c.Indicators()); {
		case params[i].List && params[i].Null && n == 0:
			into.Text(i).AppendPtr(nil)
		case params[i].List:
			into.Text(i).AppendBytes(appendArray(nil, c, 0, n))
		default:
			into.CopyCell(i, c, 0)
		}
	}
}

// spread returns sh with a marker and a parameter for each value of its lists.
func (sh shape) spread(l driver.Lists) shape {
	if sh.lists.counts == nil {
		return sh
	}
	sh.sql = l.Expand(sh.sql, sh.lists.counts)
	var params []Param
	counts := sh.lists.counts
	for _, p := range sh.params {
		markers := 1
		switch {
		case p.List && l.Array:
			p.Kind = protocol.Text
		case p.List:
			markers, counts = counts[0], counts[1:]
		}
		for range markers {
			params = append(params, p)
		}
	}
	sh.params = params
	return sh
}
