package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// Format says how frames are written. The zero Format is version 1, which every
// reader of the reference format understands; what a reader takes beyond it has to
// be asked for, see Negotiate.
type Format struct {
	Version Version
	// Compression of columns, in versions 2 and 3, where it makes them smaller.
	Compression Compression
}

// Version is that of a frame.
type Version uint16

// The versions, each laid out in doc/protocol.md.
const (
	RowMajor Version = 1 // cell after cell; numbers, except Int32 and Int64, as text
	Columnar Version = 2 // column after column of the same cells
	Packed   Version = 3 // ours: typed columns with validity bitmaps and checksums
)

// Compression is that of a column.
type Compression uint8

// The compressions, with their numbers on the wire.
const (
	Uncompressed Compression = 0
	Zstd         Compression = 1
	LZ4          Compression = 2 // its frame format
)

// magic begins every frame of a result, whatever its version.
const magic = 0x4F444243

// Append writes the rows of b as one frame behind dst. What its kinds cannot hold is
// an error, a *CellError or *FormatError, and dst is then returned as it was.
func (f Format) Append(dst []byte, b *Batch) ([]byte, error) {
	var frame []byte
	var err error
	switch f.Version {
	case 0, RowMajor:
		frame, err = appendRowMajor(dst, b)
	case Columnar:
		frame, err = appendColumnar(dst, f, b)
	case Packed:
		frame, err = appendPacked(dst, f, b, 0, true)
	default:
		err = &FormatError{"version", 0, fmt.Errorf("%w: %d", ErrUnsupported, f.Version)}
	}
	if err != nil {
		return dst, err
	}
	return frame, nil
}

// Limits bound what is read before anything is allocated for it. Those that are 0 are
// the defaults, which are the reference's; a frame is taken if it is at the limit.
type Limits struct {
	Columns    int   // of a result: 4,096
	Rows       int   // of a frame: 1,000,000
	Cells      int   // of a frame, rows times columns: 5,000,000
	Cell       int   // bytes of a cell: 64 MiB
	Payload    int64 // bytes of a frame behind its header, and of an item of several results: 256 MiB
	Memory     int64 // bytes of the columns of a frame as they are sent, decompressed; twice that and 64 KiB with the Batch: 256 MiB
	Items      int   // of a message of several results: 16,384
	Values     int   // parameters: 4,096
	ValueBytes int   // bytes of a parameter: 16 MiB
}

// DefaultLimits are those of Limits that are 0.
var DefaultLimits = Limits{
	Columns: 4096, Rows: 1_000_000, Cells: 5_000_000, Cell: 64 << 20, Payload: 256 << 20, Memory: 256 << 20,
	Items: 16384, Values: 4096, ValueBytes: 16 << 20,
}

// orDefault returns the limits with the defaults for those that are 0.
func (l Limits) orDefault() Limits {
	or(&l.Columns, DefaultLimits.Columns)
	or(&l.Rows, DefaultLimits.Rows)
	or(&l.Cells, DefaultLimits.Cells)
	or(&l.Cell, DefaultLimits.Cell)
	or(&l.Payload, DefaultLimits.Payload)
	or(&l.Memory, DefaultLimits.Memory)
	or(&l.Items, DefaultLimits.Items)
	or(&l.Values, DefaultLimits.Values)
	or(&l.ValueBytes, DefaultLimits.ValueBytes)
	return l
}

func or[T int | int64](v *T, otherwise T) {
	if *v == 0 {
		*v = otherwise
	}
}

// check refuses a frame of too many columns, rows or cells.
func (l *Limits) check(columns, rows uint64) error {
	for _, is := range []struct {
		part     string
		n, limit uint64
	}{{"columns", columns, uint64(l.Columns)}, {"rows", rows, uint64(l.Rows)}, {"cells", columns * rows, uint64(l.Cells)}} {
		if is.n > is.limit {
			return &FormatError{is.part, 0, fmt.Errorf("%w: %d %s, a frame has at most %d", ErrLimit, is.n, is.part, is.limit)}
		}
	}
	return nil
}

// FormatError says where bytes are not what they should be, and how.
type FormatError struct {
	Part   string // of the frame, such as `column 2 "name"`
	Offset int64  // bytes from the beginning of what was read to the part at fault
	Err    error  // wraps one of ErrTruncated, ErrLimit, ErrCorrupt, ErrUnsupported
}

// Error names the part and its place.
func (e *FormatError) Error() string {
	return fmt.Sprintf("protocol: %s at byte %d: %v", e.Part, e.Offset, e.Err)
}

// Unwrap returns the reason.
func (e *FormatError) Unwrap() error { return e.Err }

// What a FormatError can be.
var (
	ErrTruncated   = errors.New("the bytes end too early")
	ErrLimit       = errors.New("over the limit")
	ErrCorrupt     = errors.New("damaged") // lengths that disagree, trailing bytes, unknown tags, bad UTF-8, a wrong checksum
	ErrUnsupported = errors.New("not known to this version of the package")
)

// Decoder reads frames of any version into a Batch of its own. It is for one
// goroutine at a time.
type Decoder struct {
	// Columns are what the columns of frames are wanted as, in order: a frame with
	// others, or with cells that cannot be taken as these, is an error. Nil takes
	// the columns of each frame as they are.
	Columns []ColumnSpec
	Limits  Limits

	cells     cellDecoder // of versions 1 and 2
	unpacking unpacking   // of version 3
	base      int64       // rows of the result in frames before, where frames do not say
}

// Decode reads the one frame that data is, with nothing behind it. The Batch is valid
// until the next call, and while data is not changed: columns of version 3 lie there.
// It is to be read, not changed: a Batch of version 3 is written as the frame it came as.
// Errors are *FormatError.
func (d *Decoder) Decode(data []byte) (*Batch, error) {
	length, need, err := frameLength(data, d.Limits)
	switch {
	case err != nil:
		return nil, err
	case need > 0:
		return nil, &FormatError{"header", int64(len(data)), fmt.Errorf("%w: %d bytes, a header has %d", ErrTruncated, len(data), need)}
	case length > int64(len(data)):
		return nil, &FormatError{"payload", int64(len(data)), fmt.Errorf("%w: %d bytes of %d", ErrTruncated, len(data), length)}
	case length < int64(len(data)):
		return nil, &FormatError{"end", length, fmt.Errorf("%w: %d bytes behind the frame", ErrCorrupt, int64(len(data))-length)}
	}
	switch versionOf(data) {
	case RowMajor:
		return d.decodeRowMajor(data)
	case Columnar:
		return d.decodeColumnar(data)
	}
	return d.decodePacked(data)
}

// Sizes of what comes before the payload.
const (
	rowMajorHeader = 16
	columnarHeader = 19
	packedHeader   = 48
)

// frameLength returns the bytes of the frame that begins with prefix, which are at
// least its header's; need is then 0, or else how many bytes of it are needed to tell.
// A payload over the limit is an error.
func frameLength(prefix []byte, limits Limits) (length int64, need int, err error) {
	if len(prefix) < 6 {
		return 0, 6, nil
	}
	if is := binary.LittleEndian.Uint32(prefix); is != magic {
		return 0, 0, &FormatError{"magic", 0, fmt.Errorf("%w: %#08x is not that of a result", ErrCorrupt, is)}
	}
	var header int
	switch v := versionOf(prefix); v {
	case RowMajor:
		header = rowMajorHeader
	case Columnar:
		header = columnarHeader
	case Packed:
		header = packedHeader
	default:
		return 0, 0, &FormatError{"version", 4, fmt.Errorf("%w: %d", ErrUnsupported, v)}
	}
	if len(prefix) < header {
		return 0, header, nil
	}
	payload, err := payloadOf(prefix[:header])
	if limit := min(limits.orDefault().Payload, math.MaxInt-1<<10); err == nil && payload > uint64(limit) {
		err = &FormatError{"payload", 0, fmt.Errorf("%w: %d bytes, a frame has at most %d", ErrLimit, payload, limit)}
	}
	return int64(header) + int64(payload), 0, err
}

func versionOf(frame []byte) Version { return Version(binary.LittleEndian.Uint16(frame[4:])) }

// payloadOf returns the bytes behind a header. That of version 3 has a checksum, without
// which a flipped bit would be waited for as so many bytes.
func payloadOf(header []byte) (uint64, error) {
	switch len(header) {
	case rowMajorHeader:
		return uint64(binary.LittleEndian.Uint32(header[12:])), nil
	case columnarHeader:
		return uint64(binary.LittleEndian.Uint32(header[15:])), nil
	}
	if crc32.Checksum(header[:44], castagnoli) != binary.LittleEndian.Uint32(header[44:]) {
		return 0, &FormatError{"header", 44, fmt.Errorf("%w: its checksum is another", ErrCorrupt)}
	}
	return binary.LittleEndian.Uint64(header[24:]), nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
