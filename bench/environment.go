package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// environment is where a run took place.
type environment struct {
	Run      string   `json:"run"` // also the time of its start
	CPU      string   `json:"cpu"`
	Cores    int      `json:"cores"`
	Kernel   string   `json:"kernel"`
	Go       string   `json:"go"`
	Versions []string `json:"versions"` // of servers and drivers
}

func describeRun(ctx context.Context, databases []database) (environment, error) {
	e := environment{
		Run: time.Now().UTC().Format("2006-01-02T15:04:05Z"), CPU: cpu(), Cores: goruntime.NumCPU(),
		Kernel: firstLine("/proc/sys/kernel/osrelease"), Go: goruntime.Version(),
	}
	for _, db := range databases {
		version, err := versionOf(ctx, db)
		if err != nil {
			return e, fmt.Errorf("%s: %w", db.driver, err)
		}
		e.Versions = append(e.Versions, version)
	}
	e.Versions = append(e.Versions, peerVersions()...)
	pyodbc, err := exec.CommandContext(ctx, python(), "-c", "import pyodbc, sys; print('pyodbc', pyodbc.version, 'on Python', sys.version.split()[0])").Output()
	if err != nil {
		return e, fmt.Errorf("ask %s for pyodbc: %w", python(), err)
	}
	e.Versions = append(e.Versions, strings.TrimSpace(string(pyodbc)))
	return e, nil
}

func cpu() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	_, model, _ := strings.Cut(string(text), "model name")
	model, _, _ = strings.Cut(model, "\n")
	return strings.TrimLeft(model, "\t: ")
}

// firstLine returns the first line of a file, "" where there is none.
func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func versionOf(ctx context.Context, db database) (string, error) {
	d, err := db.open(ctx)
	if err != nil {
		return "", err
	}
	defer d.Close()
	conn, err := d.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	s := conn.Server()
	return fmt.Sprintf("%s %s through %s %s", s.DBMS, s.Version, s.Driver, s.DriverVersion), nil
}

// peerModules are the modules of the peers in Go.
var peerModules = []string{
	"github.com/alexbrainman/odbc", "github.com/mattn/go-sqlite3", "github.com/jackc/pgx/v5",
	"github.com/go-sql-driver/mysql", "github.com/jackc/puddle/v2",
}

func peerVersions() (versions []string) {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if slices.Contains(peerModules, m.Path) {
			versions = append(versions, strings.TrimPrefix(m.Path, "github.com/")+" "+m.Version)
		}
	}
	return versions
}
