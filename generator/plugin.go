package generator

import (
	"os"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
)

// CheckPlugins reads plugin files by themselves. The error is a *Diagnostics.
func CheckPlugins(paths ...string) error {
	var problems diag.List
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			problems.Add(diag.Diagnostic{Message: err.Error(), Fatal: true})
			continue
		}
		pluginfile.Load(path, strings.ReplaceAll(string(content), "\r\n", "\n"), &problems)
	}
	return errorOf(&problems)
}
