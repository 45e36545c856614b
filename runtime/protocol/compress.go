package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// shortest is the length up to which a body is not compressed, as in the reference.
const shortest = 100

// compress writes body behind dst and reports whether that was worth it: dst comes back
// as it was where the body is short or does not become smaller.
func compress(dst, body []byte, c Compression) ([]byte, bool) {
	return compressBy(zstdWriters, dst, body, c)
}

// compressNumbers is compress for nothing but numbers, which become no longer where less
// is looked for, in less time.
func compressNumbers(dst, body []byte, c Compression) ([]byte, bool) {
	return compressBy(zstdOfNumbers, dst, body, c)
}

func compressBy(writers *sync.Pool, dst, body []byte, c Compression) ([]byte, bool) {
	if c == Uncompressed || len(body) <= shortest {
		return dst, false
	}
	whole := dst
	switch c {
	case Zstd:
		w := writers.Get().(*zstd.Encoder)
		whole = w.EncodeAll(body, whole)
		writers.Put(w)
	case LZ4:
		whole = appendLZ4(whole, body)
	}
	if len(whole) == len(dst) || len(whole)-len(dst) >= len(body) {
		return dst, false
	}
	return whole, true
}

// Level 3 is the reference's.
var zstdWriters, zstdOfNumbers = zstdWritersOf(3), zstdWritersOf(1)

// zstdWritersOf has a window below the level's, which is memory of each writer. Frames
// have checksums of their own where they have any.
func zstdWritersOf(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
			zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithWindowSize(1<<20))
		return must(w, err)
	}}
}

// must returns what constant options cannot fail to make.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// appendLZ4 returns dst as it was where the body does not become smaller.
func appendLZ4(dst, body []byte) []byte {
	w := lz4Writers.Get().(*lz4Writer)
	defer lz4Writers.Put(w)
	w.out = outgrown{dst, len(dst) + len(body)}
	w.Reset(&w.out)
	err := w.Apply(lz4.SizeOption(uint64(len(body))))
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	whole := w.out.b
	w.out.b = nil
	if err != nil {
		return dst
	}
	return whole
}

// lz4Writer writes with the smallest blocks, which a reader has to make room for.
type lz4Writer struct {
	*lz4.Writer
	out outgrown
}

var lz4Writers = sync.Pool{New: func() any {
	w := lz4.NewWriter(nil)
	err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false), lz4.ConcurrencyOption(1))
	return &lz4Writer{Writer: must(w, err)}
}}

// outgrown is appended to up to a length.
type outgrown struct {
	b   []byte
	max int
}

var errOutgrown = errors.New("longer than it may become")

func (o *outgrown) Write(p []byte) (int, error) {
	if len(o.b)+len(p) > o.max {
		return 0, errOutgrown
	}
	o.b = append(o.b, p...)
	return len(p), nil
}

// decompress returns the body of a column in the memory of dst, or in its own where that
// is too short. Where the size is known, it must be that; below 0 it is not, and over the
// limit nothing is returned. Beside the body there are never more than two blocks of
// memory, and no more than the limit: what is stored is not believed.
func decompress(dst, stored []byte, c Compression, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes decompressed, at most %d are taken", ErrLimit, size, limit)
	}
	var body []byte
	var err error
	switch c {
	case Zstd:
		body, err = decompressZstd(dst[:0], stored, size, limit)
	case LZ4:
		body, err = decompressLZ4(dst[:0], stored, size, limit)
	default:
		return nil, fmt.Errorf("%w: compression %d", ErrUnsupported, c)
	}
	if err != nil {
		return nil, err
	}
	if size >= 0 && int64(len(body)) != size {
		return nil, fmt.Errorf("%w: %d bytes decompressed, the frame says %d", ErrCorrupt, len(body), size)
	}
	return body, nil
}

func decompressZstd(dst, stored []byte, size, limit int64) ([]byte, error) {
	declared, bound, err := zstdSize(stored)
	if err != nil {
		return nil, err
	}
	most := limit
	if size >= 0 {
		most = size
	}
	if declared > most {
		return nil, tooLong(size, limit)
	}
	if declared >= 0 {
		most = declared
	}
	// The decoder looks at lengths after each block: so much may lie behind the body.
	room := min(bound, most+zstdBlock)
	if int64(cap(dst)) < room {
		dst = make([]byte, 0, room)
	}
	r := zstdReaders.Get().(*zstd.Decoder)
	if bound <= room {
		defer zstdReaders.Put(r)
	} else { // an own one, which cannot be used again
		zstdReaders.Put(r)
		r = must(zstd.NewReader(nil, append(zstdOptions, zstd.WithDecoderMaxMemory(uint64(max(most, 1))))...))
		defer r.Close()
	}
	body, err := r.DecodeAll(stored, dst)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), int64(len(body)) > most:
		return nil, tooLong(size, limit)
	case err != nil:
		return nil, fmt.Errorf("%w: zstd: %v", ErrCorrupt, err)
	}
	return body, nil
}

// tooLong is the error of a body that is longer than its size, or than the limit.
func tooLong(size, limit int64) error {
	if size >= 0 {
		return fmt.Errorf("%w: more bytes decompressed than the %d that the frame says", ErrCorrupt, size)
	}
	return fmt.Errorf("%w: more than %d bytes decompressed", ErrLimit, limit)
}

var zstdOptions = []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true)}

var zstdReaders = sync.Pool{New: func() any { return must(zstd.NewReader(nil, zstdOptions...)) }}

// zstdBlock is the longest that a block becomes.
const zstdBlock = 128 << 10

var errNotZstd = fmt.Errorf("%w: not one whole frame of zstd", ErrCorrupt)

// zstdSize returns the size that the only frame of stored declares, -1 for none, and what
// its blocks can become at most.
func zstdSize(stored []byte) (declared, bound int64, err error) {
	var h zstd.Header
	if h.Decode(stored) != nil || h.Skippable {
		return 0, 0, errNotZstd
	}
	longest := int64(min(h.WindowSize, zstdBlock))
	if h.SingleSegment {
		longest = int64(min(h.FrameContentSize, zstdBlock))
	}
	rest := stored[h.HeaderSize:]
	for last := false; !last; {
		if len(rest) < 3 {
			return 0, 0, errNotZstd
		}
		block := uint32(rest[0]) | uint32(rest[1])<<8 | uint32(rest[2])<<16
		length, becomes := int(block>>3), int64(block>>3)
		switch block >> 1 & 3 {
		case 1: // one byte, repeated
			length = 1
		case 2: // compressed
			becomes = longest
		}
		if length > len(rest)-3 {
			return 0, 0, errNotZstd
		}
		bound += min(becomes, zstdBlock)
		rest, last = rest[3+length:], block&1 != 0
	}
	if h.HasCheckSum && len(rest) >= 4 {
		rest = rest[4:]
	}
	if len(rest) > 0 {
		return 0, 0, errNotZstd
	}
	if !h.HasFCS {
		return -1, bound, nil
	}
	return int64(min(h.FrameContentSize, 1<<62)), bound, nil
}

func decompressLZ4(dst, stored []byte, size, limit int64) ([]byte, error) {
	h, err := lz4HeadOf(stored)
	if err != nil {
		return nil, err
	}
	most := limit
	if size >= 0 {
		most = size
	}
	if 2*h.block > max(limit, 128<<10) { // as it is stored, and as it was
		return nil, fmt.Errorf("%w: blocks of %d bytes, at most %d are taken", ErrLimit, h.block, limit)
	}
	if h.declared > most {
		return nil, tooLong(size, limit)
	}
	if h.declared >= 0 {
		most = h.declared
	}
	if room := min(most, h.bound); int64(cap(dst)) < room {
		dst = make([]byte, 0, room)
	}
	r := lz4Readers.Get().(*lz4Reader)
	defer lz4Readers.Put(r)
	body, err := r.read(dst, stored, most)
	if err == errOutgrown {
		return nil, tooLong(size, limit)
	}
	return body, err
}

// lz4Head is what a frame says of what it becomes.
type lz4Head struct {
	declared int64 // -1 where it does not say
	block    int64 // bytes that a block becomes at most
	bound    int64 // bytes that all blocks become at most
}

var errNotLZ4 = fmt.Errorf("%w: not one whole frame of lz4", ErrCorrupt)

// lz4HeadOf looks at the lengths of the one frame that stored is. It does not take the
// legacy format, which has blocks of 8 MiB.
func lz4HeadOf(stored []byte) (lz4Head, error) {
	if len(stored) < 15 || binary.LittleEndian.Uint32(stored) != 0x184D2204 {
		return lz4Head{}, errNotLZ4
	}
	flags := stored[4]
	h, rest := lz4Head{declared: -1, block: 1 << (8 + 2*int64(stored[5]>>4&7))}, stored[7:]
	if flags&8 != 0 {
		h.declared, rest = int64(min(binary.LittleEndian.Uint64(stored[6:]), 1<<62)), stored[15:]
	}
	checksum := uint64(flags>>4&1) * 4 // of a block
	for {
		if len(rest) < 4 {
			return h, errNotLZ4
		}
		word := binary.LittleEndian.Uint32(rest)
		length := uint64(word &^ (1 << 31)) // the bit says that the block is not compressed
		rest = rest[4:]
		if word == 0 {
			break
		}
		if length+checksum > uint64(len(rest)) {
			return h, errNotLZ4
		}
		h.bound += min(h.block, 255*int64(length)) // no byte becomes more
		rest = rest[length+checksum:]
	}
	if len(rest) != int(flags>>2&1)*4 { // a checksum of all
		return h, errNotLZ4
	}
	return h, nil
}

type lz4Reader struct {
	*lz4.Reader
	in   bytes.Reader
	more [1]byte // for what would be too long
}

var lz4Readers = sync.Pool{New: func() any {
	r := &lz4Reader{Reader: lz4.NewReader(nil)}
	return must(r, r.Apply(lz4.ConcurrencyOption(1)))
}}

// read decompresses the one frame of stored into the memory of dst, up to a length.
func (r *lz4Reader) read(dst, stored []byte, most int64) ([]byte, error) {
	r.in.Reset(stored)
	r.Reset(&r.in)
	defer r.in.Reset(nil)
	room := dst[:min(int64(cap(dst)), most)]
	for n := 0; ; {
		to := room[n:]
		if len(to) == 0 {
			to = r.more[:]
		}
		read, err := r.Read(to)
		n += read
		switch {
		case n > len(room):
			return nil, errOutgrown
		case err == io.EOF:
			return room[:n], nil
		case err != nil:
			return nil, fmt.Errorf("%w: lz4: %v", ErrCorrupt, err)
		}
	}
}
