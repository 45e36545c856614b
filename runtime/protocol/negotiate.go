package protocol

import (
	"slices"
	"strings"
)

// Accept tells what Decoder and Reader of this package take, as a header or a flag that
// goes to where results are written: versions, the best first, with compressions.
const Accept = "3;zstd,lz4 2;zstd,lz4 1"

// Negotiate returns the best Format of those that a reader says it takes in the form of
// Accept: the highest version, with the compression that is named first. Words it does
// not know it passes by, and without any that it knows, that is version 1.
func Negotiate(offer string) Format {
	best := Format{Version: RowMajor}
	for word := range strings.FieldsSeq(offer) {
		version, compressions, _ := strings.Cut(word, ";")
		if f := offered(version, compressions); f.Version > best.Version {
			best = f
		}
	}
	return best
}

// offered returns the Format of a word, the zero one if that is none.
func offered(version, compressions string) Format {
	at := slices.Index([]string{Columnar: "2", Packed: "3"}, version)
	if version == "" || at < 0 {
		return Format{}
	}
	f := Format{Version: Version(at)}
	for name := range strings.SplitSeq(compressions, ",") {
		switch name {
		case "zstd":
			f.Compression = Zstd
		case "lz4":
			f.Compression = LZ4
		default:
			continue
		}
		return f
	}
	return f
}
