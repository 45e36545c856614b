package main

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed floor/*.c floor/*.h peers/*.py
var sources embed.FS

// buildSources writes the sources into the folder and compiles those in C. It
// returns the paths of the programs by their source.
func buildSources(ctx context.Context, folder string) (map[string]string, error) {
	if err := os.CopyFS(folder, sources); err != nil {
		return nil, err
	}
	programs := make(map[string]string)
	for _, pattern := range []string{"floor/*.c", "peers/*.py"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			source := filepath.ToSlash(strings.TrimPrefix(path, folder+string(filepath.Separator)))
			if programs[source], err = build(ctx, path); err != nil {
				return nil, err
			}
		}
	}
	return programs, nil
}

func build(ctx context.Context, path string) (string, error) {
	binary, isC := strings.CutSuffix(path, ".c")
	if !isC {
		return path, nil
	}
	gcc := exec.CommandContext(ctx, "gcc", "-O2", "-Wall", "-Wno-unused-function", "-o", binary, path, "-lodbc")
	if out, err := gcc.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile %s: %w\n%s", filepath.Base(path), err, out)
	}
	return binary, nil
}

// program returns the command that runs a program with arguments.
func program(ctx context.Context, path string, arguments []string) *exec.Cmd {
	if strings.HasSuffix(path, ".py") {
		return exec.CommandContext(ctx, python(), append([]string{path}, arguments...)...)
	}
	return exec.CommandContext(ctx, path, arguments...)
}

// python returns the Python that Debian's pyodbc is for.
func python() string { return cmp.Or(os.Getenv("BENCH_PYTHON"), "/usr/bin/python3") }
