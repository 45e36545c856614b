package odbc

import (
	"context"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// NextResult goes on to the next result of the last Execute, and reports whether
// there is one. It may wait for the database, which in the meantime runs what
// gives that result. Columns and Affected then speak of it; its columns are to be
// bound before Fetch.
func (s *Stmt) NextResult(ctx context.Context) (bool, error) {
	ret, err := s.watched(ctx, func() sys.Return { return sys.MoreResults(s.h) })
	s.rows.begin()
	switch {
	case err == nil && ret == sys.NoData:
		return false, nil
	case err != nil || !ret.OK():
		return false, s.failure("SQLMoreResults", ret, err)
	}
	if s.columns, ret = sys.NumResultCols(s.h); !ret.OK() {
		return false, s.failure("SQLNumResultCols", ret, nil)
	}
	s.checkCursor()
	return true, nil
}

// checkCursor finds a cursor that can go only forward although another was asked
// for: psqlodbc 13.02 has one for what does not begin with SELECT, a CALL or an
// INSERT … RETURNING, and says so only after Execute.
func (s *Stmt) checkCursor() {
	if !s.scrolls || s.columns == 0 {
		return
	}
	if kind, ret := sys.GetStmtAttr(s.h, sys.AttrCursorType); ret.OK() && kind == sys.CursorForwardOnly {
		s.scrolls = false
		sys.SetStmtAttr(s.h, sys.AttrRowArraySize, 1) // cells are asked for row by row
	}
}
