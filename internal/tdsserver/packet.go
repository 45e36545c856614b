package tdsserver

import (
	"encoding/binary"
	"errors"
	"io"
)

// The types of packets.
const (
	packetBatch       = 0x01
	packetRPC         = 0x03
	packetReply       = 0x04
	packetAttention   = 0x06
	packetTransaction = 0x0E
	packetLogin       = 0x10
	packetPreLogin    = 0x12
)

// The bits of a packet's status.
const (
	lastOfMessage  = 0x01
	ignoreMessage  = 0x02
	resetSession   = 0x08
	resetKeepingTx = 0x10
)

const (
	packetHeader = 8
	// maxMessage bounds the memory for a message.
	maxMessage = 64 << 20
)

// message is what a client sends at a time, its packets joined.
type message struct {
	kind   byte
	status byte // of all packets
	data   []byte
}

var errTooLong = errors.New("the message is too long")

// readMessage reads the packets of a message.
func readMessage(r io.Reader) (message, error) {
	var m message
	for {
		var header [packetHeader]byte
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return m, err
		}
		size := int(binary.BigEndian.Uint16(header[2:])) - packetHeader
		if size < 0 {
			return m, errShort
		}
		if len(m.data)+size > maxMessage {
			return m, errTooLong
		}
		m.kind, m.status = header[0], m.status|header[1]
		from := len(m.data)
		m.data = append(m.data, make([]byte, size)...)
		if _, err := io.ReadFull(r, m.data[from:]); err != nil {
			return m, err
		}
		if header[1]&lastOfMessage != 0 {
			return m, nil
		}
	}
}

// output cuts replies into packets. Its first error stays.
type output struct {
	to      io.Writer
	session uint16
	size    int // of a packet
	pending []byte
	number  byte
	err     error
}

// Write takes a part of a reply.
func (o *output) Write(part []byte) (int, error) {
	o.pending = append(o.pending, part...)
	for len(o.pending) > o.size-packetHeader { // the last packet is not to be empty
		o.send(o.size-packetHeader, 0)
	}
	return len(part), o.err
}

// flush sends what there is of a reply that goes on.
func (o *output) flush() {
	if len(o.pending) > 0 {
		o.send(len(o.pending), 0)
	}
}

// end sends the last packet of a reply.
func (o *output) end() {
	o.send(len(o.pending), lastOfMessage)
	o.number = 0
}

func (o *output) send(n int, status byte) {
	o.number++
	packet := make([]byte, packetHeader, packetHeader+n)
	packet[0], packet[1], packet[6] = packetReply, status, o.number
	binary.BigEndian.PutUint16(packet[2:], uint16(packetHeader+n))
	binary.BigEndian.PutUint16(packet[4:], o.session)
	packet = append(packet, o.pending[:n]...)
	o.pending = o.pending[:copy(o.pending, o.pending[n:])]
	if o.err == nil {
		_, o.err = o.to.Write(packet)
	}
}
