package generator

import (
	"fmt"
	"io"

	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// WritePlugin writes a plugin as a file that extends the built-in one with the name:
// with the fields in which it differs. A comment stands above the key whose path it has.
func WritePlugin(w io.Writer, extended string, p *driver.Plugin, comments map[string]string) error {
	base, ok := driver.ByName(extended)
	if !ok {
		return fmt.Errorf("there is no built-in driver %q to extend", extended)
	}
	return pluginfile.Write(w, base, p, comments)
}
