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
	ret, err := s.watched(ctx, func(s *Stmt) sys.Return { return sys.MoreResults(s.h) })
	s.read = 0
	switch {
	case err == nil && ret == sys.NoData:
		return false, nil
	case err != nil || !ret.OK():
		return false, s.failure("SQLMoreResults", ret, err)
	}
	if s.columns, ret = sys.NumResultCols(s.h); !ret.OK() {
		return false, s.failure("SQLNumResultCols", ret, nil)
	}
	return true, nil
}

// Finish goes through what follows the result at hand where ErrorsFollow, for an error
// that is told there.
func (s *Stmt) Finish(ctx context.Context) error {
	for s.c.errorsFollow {
		if more, err := s.NextResult(ctx); err != nil || !more {
			return err
		}
	}
	return nil
}
