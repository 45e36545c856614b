package protocol_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

func TestNegotiate(t *testing.T) {
	plain := protocol.Format{Version: protocol.RowMajor}
	for offer, want := range map[string]protocol.Format{
		protocol.Accept:                   {Version: protocol.Packed, Compression: protocol.Zstd},
		"":                                plain,
		"1":                               plain,
		"1;zstd":                          plain,
		"0 4;zstd 03 -3 x;y ;":            plain,
		"2":                               {Version: protocol.Columnar},
		"2;lz4":                           {Version: protocol.Columnar, Compression: protocol.LZ4},
		"1 2;gzip,lz4,zstd":               {Version: protocol.Columnar, Compression: protocol.LZ4},
		"2;zstd 3":                        {Version: protocol.Packed},
		"3;gzip 1":                        {Version: protocol.Packed},
		"5;zstd\t3;lz4\n2":                {Version: protocol.Packed, Compression: protocol.LZ4},
		"3zstd 2":                         {Version: protocol.Columnar},
		strings.Repeat("4 ", 1<<16) + "3": {Version: protocol.Packed},
	} {
		require.Equal(t, want, protocol.Negotiate(offer), "%.40q", offer)
	}
}
