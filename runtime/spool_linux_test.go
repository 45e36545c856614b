package runtime_test

import (
	"fmt"
	"math"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

// TestSpoolFile: the file has no name while it is there, and is for nobody else, even
// where this process lets all others read its files.
func TestSpoolFile(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 100)
		s := inFile(t)
		for _, err := range spooled(s).Stream(t.Context(), db, 100) {
			require.NoError(t, err)
			require.Equal(t, []os.FileMode{0o600}, openSpools(t))
			for _, err := range spooled(s).Stream(t.Context(), db, 100) {
				require.NoError(t, err)
				require.Len(t, openSpools(t), 2)
				break
			}
			files, err := os.ReadDir(s.Dir)
			require.NoError(t, err)
			require.Empty(t, files)
		}
		requireNoSpools(t, s)
	}, runtime.WithPoolSize(1))
}

// TestSpoolFull: no room for the file is an error that says where, and how far it came.
func TestSpoolFull(t *testing.T) {
	const room = 256 << 10
	for _, full := range []struct {
		name string
		err  error
		dir  func(t *testing.T) string
	}{
		{"file system", syscall.ENOSPC, func(t *testing.T) string { return tinyFileSystem(t, room) }},
		{"file size", syscall.EFBIG, func(t *testing.T) string { return limitFileSize(t, room) }},
	} {
		t.Run(full.name, func(t *testing.T) {
			onAll(t, func(t *testing.T, db database) {
				withNumbers(t, db, 320)
				q := ints("Many", "SELECT a.n FROM numbers a, numbers b")
				s := runtime.Spool{Threshold: 1000, Dir: full.dir(t)}
				q.Spool = &s
				rows, err := until(q.Stream(t.Context(), db, 0))
				e := requireError(t, err, runtime.Error{Query: "Many", Op: "spool", Err: full.err})
				require.Empty(t, rows)
				require.Equal(t, runtime.KindDiskFull, e.Kind)
				require.Equal(t, runtime.Done, e.Outcome)
				var spool *runtime.SpoolError
				require.ErrorAs(t, err, &spool)
				require.Equal(t, s.Dir, spool.Dir)
				require.InDelta(t, room, spool.Size, room/2)
				require.ErrorContains(t, err, fmt.Sprintf("spool in %s, of %d bytes so far", s.Dir, spool.Size))
				requireNoSpools(t, s)
				requireGivenBack(t, db)
				_, err = count.One(t.Context(), db, 1)
				require.NoError(t, err)
			}, runtime.WithPoolSize(1))
		})
	}
}

// tinyFileSystem returns a directory with so much room; who may not make one is content
// with the other case.
func tinyFileSystem(t *testing.T, room int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", room)); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// limitFileSize lets no file of this process grow beyond the size.
func limitFileSize(t *testing.T, size uint64) string {
	t.Helper()
	var was syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was))
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: min(size, math.MaxInt32), Max: was.Max}))
	t.Cleanup(func() {
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was))
		signal.Reset(syscall.SIGXFSZ)
	})
	return t.TempDir()
}
