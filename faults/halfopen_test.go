package faults_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
)

// TestF6_LinkDownWithoutAWord: packets are lost, as when a cable is pulled or a machine
// is gone. A process in a network of its own talks to the server over a link that is
// set down. It takes root.
func TestF6_LinkDownWithoutAWord(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		if at, ok := asChild(e.name); ok {
			if os.Getenv("FAULTS_ENGINE") == e.name {
				cutOff(t, at, e)
			}
			return
		}
		if os.Geteuid() != 0 {
			t.Skip("only root can make a network")
		}
		n := newNetwork(t)
		real := e.shared(t)
		at := n.behind(t, real)
		name, _, _ := strings.Cut(t.Name(), "/")
		cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", n.name, os.Args[0], "-test.run=^"+name+"$", "-test.v")
		cmd.Env = append(os.Environ(), childOf+"="+at.DSN, "FAULTS_ENGINE="+e.name)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		await(t, lines, "ready")
		e.busy(t, real, "%60%")
		n.down(t)
		fmt.Fprintln(in, "down")
		await(t, lines, "given up")
		n.up(t)
		fmt.Fprintln(in, "up")
		rest, err := io.ReadAll(out)
		require.NoError(t, err)
		require.NoError(t, cmd.Wait(), "%s", rest)
	})
}

// cutOff is the process whose link goes down while a statement runs.
func cutOff(t *testing.T, at testdb.Database, e engine) {
	orders := bufio.NewScanner(os.Stdin)
	db := open(t, at, sized(2))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := ints("Sleep", "SELECT "+fmt.Sprintf(e.sleep, "60")+" AS n").One(ctx, db, 0)
		ended <- err
	}()
	fmt.Println("ready")
	require.True(t, orders.Scan(), "the link is down")
	cancel()
	start := time.Now()
	require.ErrorIs(t, <-ended, context.Canceled)
	fmt.Println("given up after", time.Since(start))
	require.Less(t, time.Since(start), 100*time.Millisecond+slack)
	require.True(t, orders.Scan(), "the link is up")
	db.serves(t)
}

// network is a network beside that of this process, which a link leads to.
type network struct{ name, here string }

const (
	hereAddress  = "10.213.77.1"
	thereAddress = "10.213.77.2"
)

func newNetwork(t *testing.T) network {
	t.Helper()
	n := network{name: fmt.Sprint("faults", os.Getpid()), here: fmt.Sprint("fl", os.Getpid())}
	there := n.here + "p"
	ip(t, "netns add "+n.name)
	t.Cleanup(func() { ip(t, "netns del "+n.name) })
	ip(t, "link add "+n.here+" type veth peer name "+there+" netns "+n.name)
	ip(t, "addr add "+hereAddress+"/30 dev "+n.here)
	n.up(t)
	ip(t, "-n "+n.name+" addr add "+thereAddress+"/30 dev "+there)
	ip(t, "-n "+n.name+" link set "+there+" up")
	return n
}

func (n network) up(t *testing.T)   { ip(t, "link set "+n.here+" up") }
func (n network) down(t *testing.T) { ip(t, "link set "+n.here+" down") }

// behind returns the database as it is reached from there.
func (n network) behind(t *testing.T, at testdb.Database) testdb.Database {
	t.Helper()
	at, _ = linkFrom(t, at, hereAddress)
	at.DSN = replaceKey(at.DSN, "server", "Server="+hereAddress)
	return at
}

func ip(t *testing.T, args string) {
	t.Helper()
	out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
	require.NoError(t, err, "ip %s: %s", args, out)
}
