package odbc

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestForms: a column can be carried in the forms that a plugin may say, and in no
// others.
func TestForms(t *testing.T) {
	for form := driver.AsIs; form <= driver.AsZoned; form++ {
		for _, kind := range protocol.Kinds() {
			b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "c", Kind: kind, Width: 8}}, 1)
			carriers, _ := carry(b, []Form{Form(form)}, 1)
			c := carriers[0]
			if c.column == c.bound {
				continue
			}
			c.column.Indicators()[0], c.bound.Indicators()[0] = protocol.Null, protocol.Null
			for _, way := range []struct {
				does     func()
				possible bool
			}{
				{func() { c.store(0, 1) }, form.Sends(kind)},
				{func() { c.load(1) }, form.Reads(kind)},
			} {
				switch {
				case way.possible:
					require.NotPanics(t, way.does, "%s form %d", kind, form)
				case form == driver.AsNumber, form == driver.AsZoned: // are text here
				default:
					require.Panics(t, way.does, "%s form %d", kind, form)
				}
			}
		}
	}
}
