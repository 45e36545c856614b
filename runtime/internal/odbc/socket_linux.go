package odbc

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// socket is the connected stream socket of a connection.
type socket struct {
	fd    int
	inode uint64
	peer  string
}

// shutDown ends the link. A call that waits for it returns at once.
//
// The file descriptor may be another file's by now. The copy is looked at, which
// nobody else closes.
func (s *socket) shutDown() {
	if s == nil {
		return
	}
	fd, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if is, ok := socketAt(fd); ok && is.inode == s.inode && is.peer == s.peer && !polled()[s.inode] {
		unix.Shutdown(fd, unix.SHUT_RDWR)
	}
}

// sockets knows which sockets are whose.
var sockets = searches{turn: make(chan struct{}, 1), claimed: map[uint64]*search{}}

// searches are the searches for the sockets that drivers open while they dial, or
// cancel. One of which nobody has noted the socket is a stranger: it cannot be told
// from those of the others. The sockets of Go can, see polled.
type searches struct {
	turn chan struct{} // held by the one search that may note a socket

	mu        sync.Mutex // guards the following
	under     int        // searches under way
	strangers int        // those of them that may open a socket which nobody has noted
	begun     int        // searches so far
	estranged int        // strangers so far
	claimed   map[uint64]*search
}

func (all *searches) count(under, strangers int) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.under += under
	all.strangers += strangers
	all.begun += max(0, under)
	all.estranged += max(0, strangers)
}

func (all *searches) release(s *socket) {
	if s == nil {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.claimed, s.inode)
}

// The times of a search, in which other dials wait.
const (
	searchPause = 300 * time.Microsecond
	searchTime  = 50 * time.Millisecond
	turnTime    = time.Second // the most that a dial waits for others
)

// search finds the socket that a dial opens. It is one that was not there before,
// is nobody else's, and is seen while no stranger is at work; at the end of the dial
// it must be the only one of that kind. Rather none is found than a wrong one.
type search struct {
	before    map[uint64]bool
	begun     int // of all, when this one had begun
	estranged int
	alone     bool // nothing else was under way then
	noted     *socket
	hasTurn   bool
	stranger  bool

	returned chan struct{} // the dial has
	watched  chan struct{} // the watching has ended
}

// begin is called before a dial. Its search must be ended.
func (all *searches) begin() *search { return all.beginWithin(turnTime) }

// beginNow is begin for a SQLCancel, which makes a connection of its own and waits for
// no turn.
func (all *searches) beginNow() *search { return all.beginWithin(0) }

func (all *searches) beginWithin(wait time.Duration) *search {
	s := &search{before: map[uint64]bool{}, returned: make(chan struct{}), watched: make(chan struct{})}
	s.hasTurn = s.takeTurn(wait)
	for _, found := range stream(func(uint64) bool { return false }) {
		s.before[found.inode] = true
	}
	s.enter()
	go s.watch()
	return s
}

func (s *search) takeTurn(wait time.Duration) bool {
	select {
	case sockets.turn <- struct{}{}:
		return true
	default:
	}
	select {
	case sockets.turn <- struct{}{}:
		return true
	case <-time.After(wait):
		return false
	}
}

func (s *search) enter() {
	s.stranger = !s.hasTurn
	strangers := 0
	if s.stranger {
		strangers = 1
	}
	sockets.count(1, strangers)
	sockets.mu.Lock()
	defer sockets.mu.Unlock()
	s.begun, s.estranged, s.alone = sockets.begun, sockets.estranged, sockets.under == 1
	if sockets.strangers > 0 {
		s.estranged = -1
	}
}

// watch notes the socket as soon as it is there, and passes the turn on. It keeps
// the turn where the dial was faster.
func (s *search) watch() {
	defer close(s.watched)
	if !s.hasTurn {
		return
	}
	var last []socket
	for begun := time.Now(); s.noted == nil && time.Since(begun) < searchTime; {
		select {
		case <-s.returned:
			return
		case <-time.After(searchPause):
		}
		found := s.candidates()
		if both := common(found, last); len(both) == 1 {
			s.note(both[0])
		}
		last = found
	}
	if s.noted == nil { // and whose it is when it comes cannot be told
		sockets.count(0, 1)
		s.stranger = true
	}
	s.passTurn()
}

func (s *search) passTurn() {
	if s.hasTurn {
		s.hasTurn = false
		<-sockets.turn
	}
}

// note claims the socket unless a stranger was there since the beginning.
func (s *search) note(found socket) {
	sockets.mu.Lock()
	defer sockets.mu.Unlock()
	if sockets.estranged == s.estranged {
		s.noted = &found
		sockets.claimed[found.inode] = s
	}
}

// common returns the sockets that are in both lists. A socket of Go is not known as
// one for a moment only.
func common(a, b []socket) []socket {
	var both []socket
	for _, s := range a {
		if slices.Contains(b, s) {
			both = append(both, s)
		}
	}
	return both
}

// end is called when the dial has returned, and gives its socket, nil where that is
// not known for certain.
func (s *search) end(connected bool) *socket {
	close(s.returned)
	<-s.watched
	var found *socket
	kept := s.hasTurn
	if connected && (kept || s.retakeTurn()) {
		found = s.certain(kept)
	}
	if s.noted != nil && found == nil {
		sockets.release(s.noted)
	}
	strangers := 0
	if s.stranger {
		strangers = -1
	}
	sockets.count(-1, strangers)
	s.passTurn()
	return found
}

func (s *search) retakeTurn() bool {
	s.hasTurn = s.takeTurn(turnTime)
	return s.hasTurn
}

// certain returns the only socket that can be the dial's: the noted one, or any if the
// turn was kept and no stranger came, or if nothing else was under way.
func (s *search) certain(kept bool) *socket {
	found := s.candidates()
	for looks := 1; len(found) > 1 && looks < 20; looks++ {
		time.Sleep(searchPause)
		found = common(s.candidates(), found)
	}
	if len(found) != 1 {
		return nil
	}
	if s.noted == nil && kept {
		s.note(found[0])
	}
	return s.claim(found[0])
}

func (s *search) claim(found socket) *socket {
	sockets.mu.Lock()
	defer sockets.mu.Unlock()
	if s.noted != nil && *s.noted == found {
		return s.noted
	}
	if !s.alone || sockets.begun != s.begun {
		return nil
	}
	sockets.claimed[found.inode] = s
	return &found
}

// cut ends the link of a dial under way.
func (s *search) cut() {
	select {
	case <-s.watched:
	default:
		return // the watching is about to end
	}
	if found := s.candidates(); len(found) == 1 && s.noted != nil && found[0].inode == s.noted.inode {
		s.noted.shutDown()
	}
}

// candidates returns the sockets that may be the dial's.
func (s *search) candidates() []socket {
	found := stream(func(inode uint64) bool { return s.before[inode] || s.isOthers(inode) })
	if len(found) == 0 {
		return nil
	}
	ofGo := polled()
	kept := found[:0]
	for _, f := range found {
		if !ofGo[f.inode] {
			kept = append(kept, f)
		}
	}
	return kept
}

func (s *search) isOthers(inode uint64) bool {
	sockets.mu.Lock()
	defer sockets.mu.Unlock()
	owner, claimed := sockets.claimed[inode]
	return claimed && owner != s
}

// stream returns the connected stream sockets of the process, but for some.
func stream(but func(inode uint64) bool) []socket {
	var all []socket
	eachFile(func(fd int) {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK || but(st.Ino) {
			return
		}
		if s, ok := socketAt(fd); ok {
			all = append(all, s)
		}
	})
	return all
}

func eachFile(do func(fd int)) {
	folder, err := os.Open("/proc/self/fd")
	if err != nil {
		return
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1)
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil {
			do(fd)
		}
	}
}

// socketAt returns the socket at fd if it is a connected stream, and not to a name
// server.
func socketAt(fd int) (s socket, ok bool) {
	var st unix.Stat_t
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM || unix.Fstat(fd, &st) != nil {
		return s, false
	}
	peer, err := unix.Getpeername(fd)
	if err != nil {
		return s, false
	}
	s = socket{fd: fd, inode: st.Ino}
	const nameServer = 53
	switch peer := peer.(type) {
	case *unix.SockaddrInet4:
		s.peer, ok = fmt.Sprint(peer.Addr, peer.Port), peer.Port != nameServer
	case *unix.SockaddrInet6:
		s.peer, ok = fmt.Sprint(peer.Addr, peer.Port), peer.Port != nameServer
	case *unix.SockaddrUnix:
		s.peer, ok = peer.Name, true
	}
	return s, ok
}

// polled returns the inodes of the files that the process waits for by epoll. All
// sockets of Go are among them from soon after they are connected, and none of the
// drivers' that were looked at: those of PostgreSQL, MariaDB and FreeTDS use poll.
func polled() map[uint64]bool {
	inodes := map[uint64]bool{}
	eachFile(func(fd int) {
		link, err := os.Readlink(fmt.Sprint("/proc/self/fd/", fd))
		if err != nil || link != "anon_inode:[eventpoll]" {
			return
		}
		info, err := os.Open(fmt.Sprint("/proc/self/fdinfo/", fd))
		if err != nil {
			return
		}
		defer info.Close()
		for lines := bufio.NewScanner(info); lines.Scan(); { // tfd: 5 events: … ino:1f4 sdev:8
			if _, rest, ok := strings.Cut(lines.Text(), " ino:"); ok {
				number, _, _ := strings.Cut(rest, " ")
				inode, _ := strconv.ParseUint(number, 16, 64)
				inodes[inode] = true
			}
		}
	})
	return inodes
}
