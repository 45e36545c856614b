package plan

import (
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// pluginFileName holds the plugins that the user has described.
const pluginFileName = "plugin" + suffix

// driverImports are what that file and those with calls of procedures import beside.
var driverImports = []Import{{DriverPath, "driver"}}

// plugins plans the variables of plugins, after all else that has a name.
func (b *builder) plugins(pkg string, all []*driver.Plugin) Plugins {
	file := Plugins{Name: pluginFileName}
	for _, p := range all {
		name := fieldName(p.Name)
		_, model := b.models[name]
		if b.types[name] != "" || model || slices.Contains(packageNames, name) {
			b.at = Problem{}
			b.problem(Problem{
				Message: fmt.Sprintf("the Go name %s of the driver %s is taken by a type of the package", name, p.Name),
				Help:    "give the plugin another name",
			})
		}
		file.All = append(file.All, Plugin{Name: name, Value: p, Doc: fmt.Sprintf(
			"%s describes the database that the spec calls %s: it is as %s is, but for what its plugin file says. Open it with\n\n\tdb, err := runtime.Open(ctx, dsn, runtime.WithPlugin(&%s.%s))",
			name, p.Name, p.Extends, pkg, name,
		)})
	}
	return file
}
