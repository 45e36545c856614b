package protocol

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
)

func TestCompress(t *testing.T) {
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for _, c := range []Compression{Zstd, LZ4} {
		for _, body := range [][]byte{bytes.Repeat([]byte("a"), 101), bytes.Repeat([]byte("frames and frames "), 100_000), make([]byte, 1<<20)} {
			whole, smaller := compress([]byte("before"), body, c)
			require.True(t, smaller)
			require.Less(t, len(whole), len(body)+6)
			require.True(t, bytes.HasPrefix(whole, []byte("before")))
			for _, size := range []int64{-1, int64(len(body))} {
				got, err := decompress(nil, whole[6:], c, size, int64(len(body)))
				require.NoError(t, err)
				require.True(t, bytes.Equal(body, got))
				_, err = decompress(nil, whole[6:], c, size, int64(len(body))-1)
				require.ErrorIs(t, err, ErrLimit)
			}
			for _, size := range []int64{0, int64(len(body)) - 1, int64(len(body)) + 1} {
				_, err := decompress(nil, whole[6:], c, size, 1<<30)
				require.ErrorIs(t, err, ErrCorrupt)
			}
			for end := range whole[6:min(len(whole), 300)] {
				_, err := decompress(nil, whole[6:6+end], c, -1, 1<<30)
				require.ErrorIs(t, err, ErrCorrupt)
			}
			for _, behind := range [][]byte{{0}, {0, 0, 0, 0}, whole[6:]} {
				_, err := decompress(nil, append(bytes.Clone(whole[6:]), behind...), c, -1, 1<<30)
				require.ErrorIs(t, err, ErrCorrupt)
			}
		}
		for _, body := range [][]byte{nil, bytes.Repeat([]byte("a"), 100), noise} {
			whole, smaller := compress([]byte("before"), body, c)
			require.False(t, smaller)
			require.Equal(t, []byte("before"), whole)
			_, smaller = compress(nil, make([]byte, 1000), c) // by the same writer
			require.True(t, smaller)
		}
	}
	_, err := decompress(nil, nil, 3, -1, 1)
	require.ErrorIs(t, err, ErrUnsupported)
}

// TestForeignLZ4 reads frames with all options of the format that ours do not use.
func TestForeignLZ4(t *testing.T) {
	body := bytes.Repeat([]byte("frames and frames "), 100_000)
	for _, options := range [][]lz4.Option{
		nil,
		{lz4.BlockChecksumOption(true), lz4.ChecksumOption(true), lz4.SizeOption(uint64(len(body)))},
		{lz4.BlockChecksumOption(true), lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block256Kb)},
		{lz4.CompressionLevelOption(lz4.Level9)},
	} {
		var out bytes.Buffer
		w := lz4.NewWriter(&out)
		require.NoError(t, w.Apply(options...))
		_, err := w.Write(body)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		for _, size := range []int64{-1, int64(len(body))} {
			got, err := decompress(nil, out.Bytes(), LZ4, size, 16<<20)
			require.NoError(t, err)
			require.True(t, bytes.Equal(body, got))
		}
	}
}

// TestF41_Bomb decompresses few bytes to many, and what is allocated for that until it is
// refused is in no case more than twice the limit.
func TestF41_Bomb(t *testing.T) {
	const gigabyte = 1 << 30
	bombs := map[string]struct {
		c    Compression
		data []byte
	}{
		"zstd, blocks of one byte":   {Zstd, zstdRun(gigabyte, 1)},
		"zstd, no size":              {Zstd, streamed(t, must(zstd.NewWriter(nil)), gigabyte/4)},
		"zstd, two frames":           {Zstd, append(zstdRun(1<<20, 1), zstdRun(gigabyte, 1)...)},
		"zstd, a wide window":        {Zstd, append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98}, zstdRun(gigabyte, 1)[6:]...)},
		"zstd, a size that is a lie": {Zstd, append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x88, 0, 0, 1, 0}, zstdRun(gigabyte, 1)[6:]...)},
		"lz4":                        {LZ4, streamed(t, lz4.NewWriter(nil), gigabyte)},
		"lz4, 32 KiB":                {LZ4, streamed(t, lz4.NewWriter(nil), 8<<20)},
		"lz4, two frames":            {LZ4, append(streamed(t, lz4.NewWriter(nil), 1<<20), streamed(t, lz4.NewWriter(nil), gigabyte/4)...)},
		"lz4, legacy":                {LZ4, legacy(t, 64<<20)},
	}
	require.Less(t, len(bombs["zstd, blocks of one byte"].data), 33<<10)
	for name, bomb := range bombs {
		for _, limit := range []int64{1 << 20, 7 << 20, 64 << 20} {
			for _, size := range []int64{-1, limit} {
				t.Run(name, func(t *testing.T) {
					// The pools are filled by ordinary work.
					small, _ := compress(nil, make([]byte, 1000), bomb.c)
					_, err := decompress(nil, small, bomb.c, -1, limit)
					require.NoError(t, err)
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					_, err = decompress(nil, bomb.data, bomb.c, size, limit)
					runtime.ReadMemStats(&after)
					if name == "lz4, 32 KiB" && limit == 64<<20 && size < 0 {
						require.NoError(t, err)
						return
					}
					require.Error(t, err)
					require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(2*limit))
				})
			}
		}
	}
}

// zstdRun is a frame of n bytes in blocks that each repeat a byte.
func zstdRun(n int, b byte) []byte {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58}
	for ; n > 0; n -= zstdBlock {
		head := uint32(zstdBlock)<<3 | 1<<1
		if n <= zstdBlock {
			head |= 1
		}
		frame = append(frame, byte(head), byte(head>>8), byte(head>>16), b)
	}
	return frame
}

type resetWriter interface {
	Write(p []byte) (int, error)
	Close() error
}

func streamed(t *testing.T, w resetWriter, n int) []byte {
	var out bytes.Buffer
	switch w := w.(type) {
	case *zstd.Encoder:
		w.Reset(&out)
	case *lz4.Writer:
		w.Reset(&out)
	}
	zeros := make([]byte, 1<<20)
	for range n / len(zeros) {
		_, err := w.Write(zeros)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func legacy(t *testing.T, n int) []byte {
	w := lz4.NewWriter(nil)
	require.NoError(t, w.Apply(lz4.LegacyOption(true)))
	data := streamed(t, w, n)
	require.EqualValues(t, 0x184C2102, binary.LittleEndian.Uint32(data))
	return data
}
