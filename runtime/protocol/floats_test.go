package protocol

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// floats are numbers of all kinds, those with few digits most of all.
func floats() []float64 {
	all := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e-4, 9.9999e-5, 999999.9999, 999999.99995, 1e6, -1e6, 0.1, 0.29, 1.0001, 1e15, math.MaxFloat64, math.SmallestNonzeroFloat64}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		n := float64(random.Int64N(1e12) - 5e11)
		all = append(all, n/1e4, n/1e5, n/8, n, n/1e12, math.Float64frombits(random.Uint64()))
	}
	return all
}

func TestFloatText(t *testing.T) {
	for _, f := range floats() {
		want := strconv.FormatFloat(f, 'g', -1, 64)
		if got := string(appendFloat(nil, f)); got != want {
			require.Equal(t, want, got)
		}
	}
}

func TestParseFloat(t *testing.T) {
	texts := []string{"", "-", ".", "-.", "1.", ".5", "1..2", "1.2.3", "--1", "+1", "1e5", "123456789012345", "1234567890123456", "12345678901234.5", "-0", "-0.0", "0000000000000.1", "1 ", "0x1", "Inf", "1_0"}
	for _, f := range floats() {
		texts = append(texts, strconv.FormatFloat(f, 'g', -1, 64), strconv.FormatFloat(f, 'f', 4, 64))
	}
	for _, text := range texts {
		want, err := strconv.ParseFloat(text, 64)
		got, ok := parseFloat([]byte(text))
		if ok != (err == nil) || ok && math.Float64bits(got) != math.Float64bits(want) {
			require.Equal(t, want, got, text)
			require.Equal(t, err == nil, ok, text)
		}
	}
}
