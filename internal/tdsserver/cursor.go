package tdsserver

import "context"

// cursor is a result that is read in blocks.
type cursor struct {
	rows     Rows
	from, to int // rows of the last block
}

// The procedures of cursors that are read.
const (
	cursorOpen   = "sp_cursoropen"
	cursorFetch  = "sp_cursorfetch"
	cursorClose  = "sp_cursorclose"
	cursorOption = "sp_cursoroption"
)

// Where sp_cursorfetch begins a block.
const (
	fetchFirst    = 0x01
	fetchNext     = 0x02
	fetchPrevious = 0x04
	fetchLast     = 0x08
	fetchAbsolute = 0x10
	fetchRelative = 0x20
	fetchRefresh  = 0x80
	fetchInfo     = 0x100
)

func (s *session) cursorCall(ctx context.Context, c call, r *Request) bool {
	if c.name == cursorOpen {
		return s.openCursor(ctx, c, r)
	}
	r.Kind, r.Handle, r.Params = Fetch, c.number(0), c.from(1)
	opened, ok := s.cursors[r.Handle]
	if !ok {
		return s.tell(r, Error(16916, "A cursor with this handle does not exist."))
	}
	switch c.name {
	case cursorClose:
		s.update(func() { delete(s.cursors, r.Handle) })
	case cursorFetch:
		return s.fetch(ctx, opened, c, r)
	}
	return s.tell(r)
}

// openCursor executes a statement whose first result is then fetched. The answers before
// it are given, those behind it are not.
func (s *session) openCursor(ctx context.Context, c call, request *Request) bool {
	request.Declared, request.SQL, request.Params = c.text(5), c.text(1), c.from(6)
	request.Session = s.state.ID
	s.server.record(*request)
	r := &reply{session: s, out: &s.out, inProc: true, last: request.Last}
	for _, a := range s.answers(request) {
		if o, ok := a.(onTables); ok {
			a = o.answer()
		}
		rows, ok := a.(Rows)
		if !ok {
			if !a.give(ctx, r) {
				return false
			}
			continue
		}
		s.update(func() {
			s.handles++
			s.cursors[s.handles] = &cursor{rows: rows}
		})
		request.Handle = s.handles
		r.columns(rows.Columns)
		r.done(0, commandSelect, 0)
		r.end(cursorOuts(c, map[int]int{0: s.handles, 2: c.number(2), 3: c.number(3), 4: len(rows.Values)}), nil)
		return true
	}
	r.end(cursorOuts(c, map[int]int{0: 0, 2: 0, 3: 0, 4: 0}), nil) // it was executed without a cursor
	return true
}

// cursorOuts are the parameters of a call with the values of those that are given back.
func cursorOuts(c call, values map[int]int) []Param {
	params := append([]Param{}, c.params...)
	for i := range params {
		params[i].Type = Int
		if params[i].Value = nil; params[i].Out {
			if v, ok := values[i]; ok {
				params[i].Value = v
			}
		}
	}
	return params
}

func (s *session) fetch(ctx context.Context, opened *cursor, c call, request *Request) bool {
	request.Session = s.state.ID
	s.server.record(*request)
	r := &reply{session: s, out: &s.out, inProc: true, last: request.Last}
	if c.number(1) == fetchInfo {
		r.end(cursorOuts(c, map[int]int{2: opened.from + 1, 3: len(opened.rows.Values)}), nil)
		return true
	}
	opened.move(c.number(1), c.number(2), c.number(3))
	block := Rows{Columns: append(opened.rows.Columns[:len(opened.rows.Columns):len(opened.rows.Columns)], Column{Name: "ROWSTAT", Type: Int, NotNull: true})}
	for _, row := range opened.rows.Values[opened.from:opened.to] {
		block.Values = append(block.Values, append(row[:len(row):len(row)], 1))
	}
	if !block.give(ctx, r) {
		return false
	}
	r.end(nil, nil)
	return true
}

// move sets the block to n rows.
func (c *cursor) move(how, row, n int) {
	rows := len(c.rows.Values)
	from := c.from
	switch how {
	case fetchFirst:
		from = 0
	case fetchNext:
		from = c.to
	case fetchPrevious:
		from = c.from - n
	case fetchLast:
		from = rows - n
	case fetchAbsolute:
		if from = row - 1; row < 0 {
			from = rows + row
		}
	case fetchRelative:
		from = c.from + row
	}
	c.from = min(max(from, 0), rows)
	c.to = min(max(c.from+n, c.from), rows)
}
