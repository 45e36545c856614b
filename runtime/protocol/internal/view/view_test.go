package view_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol/internal/view"
)

func TestOf(t *testing.T) {
	memory := make([]byte, 32)
	for i := range memory {
		memory[i] = byte(i)
	}
	numbers, own := view.Of[uint32](memory[:8], nil)
	require.Equal(t, []uint32{0x03020100, 0x07060504}, numbers)
	require.Nil(t, own, "they are read where they lie")
	memory[0] = 9
	require.Equal(t, uint32(0x03020109), numbers[0])

	numbers, own = view.Of[uint32](memory[1:10], nil) // between two of them, and a byte too many
	require.Equal(t, []uint32{0x04030201, 0x08070605}, numbers)
	memory[1] = 99
	require.Equal(t, uint32(0x04030201), numbers[0], "they are a copy")
	again, kept := view.Of(memory[5:9], own)
	require.Equal(t, []uint32{0x08070605}, again)
	require.Same(t, &own[0], &kept[0], "whose memory is used again")

	none, _ := view.Of[int64](memory[:7], nil)
	require.Empty(t, none)
}

func TestAppend(t *testing.T) {
	require.Equal(t, []byte{7, 1, 0, 0xFE, 0xFF}, view.Append([]byte{7}, []int16{1, -2}))
	require.Equal(t, []byte{0, 0, 0x80, 0x3F}, view.Append(nil, []float32{1}))
	require.Empty(t, view.Append(nil, []int64(nil)))
}
