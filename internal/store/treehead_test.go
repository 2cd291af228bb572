package store

import (
	"errors"
	"testing"
)

// TestHeadFormat: a head says which binaries may read it, frozen ones too, and
// one of a later format is refused by name.
func TestHeadFormat(t *testing.T) {
	for _, format := range []byte{0, 1, 2} {
		tree := &Tree{format: format, meta: []byte("meta")}
		record := tree.encode()
		if want := max(format, 1); record[3] != want {
			t.Errorf("format %d is written as %d", format, record[3])
		}
		back, err := decodeHead(record)
		if err != nil || string(back.Meta()) != "meta" {
			t.Fatal(err)
		}
		if frozen := new(Store).FreezeTree(back, "key", []byte("frozen")); frozen.Value[3] != max(format, 1) {
			t.Errorf("format %d is frozen as %d", format, frozen.Value[3])
		}
		record[3] = headVersion + 1
		if _, err := decodeHead(record); !errors.Is(err, ErrNewer) {
			t.Error(err)
		}
	}
}
