package control

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// TestReseal puts a new master key before the old one, and takes the old one
// away after.
func TestReseal(t *testing.T) {
	old, fresh := bytes.Repeat([]byte{5}, 32), bytes.Repeat([]byte{7}, 32) // old is no other test's, whose records are in the same store
	sealer := must[*store.Sealer](t)(store.NewSealer(old))
	w := newWorldWith(t, Options{Sealer: func() (*store.Sealer, error) { return sealer, nil }})
	made := must[*apigw.ClientCertificate](t)(w.GenerateClientCertificate(t.Context(), w.scope, "", nil))
	shown := func() *apigw.StageCertificate {
		return must[*apigw.StageCertificate](t)(w.StageCertificate(t.Context(), w.scope, made.ID))
	}
	private := must[[]byte](t)(sealer.Open(shown().Record, shown().Key))

	sealer = must[*store.Sealer](t)(store.NewSealer(fresh, old))
	if n := must[int](t)(w.Reseal(t.Context())); n != 1 {
		t.Errorf("%d records changed", n)
	}
	if n := must[int](t)(w.Reseal(t.Context())); n != 0 {
		t.Errorf("%d records changed again", n)
	}
	alone := must[*store.Sealer](t)(store.NewSealer(fresh))
	if got := must[[]byte](t)(alone.Open(shown().Record, shown().Key)); !bytes.Equal(got, private) {
		t.Error("another key came out")
	}
	if _, err := must[*store.Sealer](t)(store.NewSealer(old)).Open(shown().Record, shown().Key); !errors.Is(err, store.ErrOtherKey) {
		t.Errorf("the old key still opens: %v", err)
	}
}
