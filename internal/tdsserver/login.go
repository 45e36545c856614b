package tdsserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// preLogin is the answer to PRELOGIN: version 15, encryption not supported, no instance,
// no thread, one request at a time.
var preLogin = func() []byte {
	options := [][]byte{{15, 0, 0x10, 0, 0, 0}, {2}, {0}, {}, {0}}
	at := 5*len(options) + 1
	var table, values []byte
	for id, value := range options {
		table = append(table, byte(id))
		table = binary.BigEndian.AppendUint16(table, uint16(at+len(values)))
		table = binary.BigEndian.AppendUint16(table, uint16(len(value)))
		values = append(values, value...)
	}
	return append(append(table, 0xFF), values...)
}()

// login is what a client says of itself.
type login struct {
	version                               uint32
	packetSize                            int
	user, password, application, database string
	features                              bool
}

func parseLogin(data []byte) (login, error) {
	if len(data) < 94 {
		return login{}, errShort
	}
	l := login{
		version:    binary.LittleEndian.Uint32(data[4:]),
		packetSize: int(binary.LittleEndian.Uint32(data[8:])),
		features:   data[27]&0x10 != 0,
	}
	var failed error
	field := func(at int) []byte {
		from, units := int(binary.LittleEndian.Uint16(data[at:])), int(binary.LittleEndian.Uint16(data[at+2:]))
		if from+2*units > len(data) {
			failed = errShort
			return nil
		}
		return data[from : from+2*units]
	}
	password := slices.Clone(field(44))
	for i, b := range password {
		b ^= 0xA5
		password[i] = b<<4 | b>>4
	}
	l.user, l.password = fromUTF16(field(40)), fromUTF16(password)
	l.application, l.database = fromUTF16(field(48)), fromUTF16(field(68))
	return l, failed
}

const (
	version72    = 0x72090002
	maxPacket    = 32767
	minPacket    = 512
	firstPackets = 4096
)

// enter lets a client in, or tells it why not.
func (s *session) enter() error {
	m, err := readMessage(s.conn)
	if err != nil {
		return err
	}
	if m.kind == packetPreLogin {
		s.out.Write(preLogin)
		s.out.end()
		if m, err = readMessage(s.conn); err != nil {
			return err
		}
	}
	if m.kind != packetLogin {
		return fmt.Errorf("a packet of type 0x%02X instead of a login", m.kind)
	}
	l, err := parseLogin(m.data)
	if err != nil {
		return err
	}
	r := &reply{session: s, out: &s.out, last: true}
	refusals := s.server.refuse(l)
	if len(refusals) == 0 {
		s.welcome(r, l)
		return s.out.err
	}
	for _, m := range refusals {
		r.message(m)
	}
	r.done(doneError, 0, 0)
	r.end(nil, nil)
	return errors.New("login refused")
}

func (s *Server) refuse(l login) []Message {
	failed := Message{Number: 18456, State: 1, Class: 14, Text: fmt.Sprintf("Login failed for user '%s'.", l.user)}
	if l.version < version72 {
		return []Message{Error(18456, "This server knows TDS 7.2 and later.")}
	}
	if l.user != User || l.password != Password {
		return []Message{failed}
	}
	if l.database != "" && !s.hasDatabase(l.database) {
		text := fmt.Sprintf("Cannot open database \"%s\" requested by the login. The login failed.", l.database)
		return []Message{{Number: 4060, State: 1, Class: 11, Text: text}, failed}
	}
	return nil
}

func (s *Server) hasDatabase(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.databases, func(have string) bool { return strings.EqualFold(have, name) })
}

func (s *session) welcome(r *reply, l login) {
	if l.database == "" {
		l.database = Master
	}
	s.server.add(s, &l)
	r.changed(changeDatabase, l.database, Master)
	r.message(Message{Number: 5701, State: 2, Class: 0, Text: "Changed database context to '" + l.database + "'."})
	r.changedBytes(changeCollation, collation, nil)
	name := appendShortText(nil, "Microsoft SQL Server")
	ack := binary.BigEndian.AppendUint32([]byte{1}, l.version)
	r.sized(tokenLoginAck, ack, name, []byte{15, 0, 0x10, 0})
	r.changed(changePacketSize, fmt.Sprint(l.packetSize), fmt.Sprint(firstPackets))
	if l.features {
		r.token(tokenFeatures, []byte{0xFF}) // none of those that were asked for
	}
	r.end(nil, nil)
	s.out.size = l.packetSize
}

// add begins a session, and settles the size of its packets.
func (s *Server) add(c *session, l *login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.packetSize == 0 {
		l.packetSize = firstPackets
	}
	l.packetSize = max(min(l.packetSize, maxPacket), minPacket)
	if s.packet > 0 {
		l.packetSize = min(l.packetSize, s.packet)
	}
	s.sessions = append(s.sessions, c)
	c.state.ID = 50 + len(s.sessions)
	c.out.session = uint16(c.state.ID)
	c.state.User, c.state.Database, c.state.Application = l.user, l.database, l.application
	c.state.PacketSize, c.state.Open = l.packetSize, true
}
