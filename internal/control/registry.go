package control

import (
	"context"
	"encoding/base32"
	"errors"
	"io"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Errors of the service registry have codes of their own (Cloud Map reference,
// the Errors of each action).

func invalidInput(format string, args ...any) *apigw.Error {
	return apigw.Coded(apigw.BadRequest, "InvalidInput", format, args...)
}

func unknownNamespace(id string) *apigw.Error {
	return apigw.Coded(apigw.NotFound, "NamespaceNotFound", "Namespace %.300s not found.", id)
}

func unknownService(id string) *apigw.Error {
	return apigw.Coded(apigw.NotFound, "ServiceNotFound", "Service %.300s not found.", id)
}

func unknownInstance(service, id string) *apigw.Error {
	return apigw.Coded(apigw.NotFound, "InstanceNotFound", "Instance %.100s of service %.100s not found.", id, service)
}

// declaredInFile refuses a change of what the configuration file has.
func declaredInFile(what, name string) *apigw.Error {
	return invalidInput("The %s %.300s is declared in the configuration file (registry), and is changed there", what, name)
}

// registryID is the ID that a call means by an ID or an ARN; ok is false for an
// ARN of something else, or of another account or region: nothing is shared
// here.
func registryID(scope apigw.Scope, what, ref string) (id string, ok bool) {
	if !strings.HasPrefix(ref, "arn:") {
		return ref, ref != ""
	}
	of, kind, id, ok := apigw.ParseRegistryARN(apigw.ARN(ref))
	return id, ok && of == scope && kind == what
}

// newRegistryID is an ID as Cloud Map's: a prefix and 16 letters and digits.
func (c *Control) newRegistryID(prefix string) (string, error) {
	raw := make([]byte, 10)
	if _, err := io.ReadFull(c.rand, raw); err != nil {
		return "", err
	}
	return prefix + registryAlphabet.EncodeToString(raw), nil
}

var registryAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// stored is a value with its record.
type stored[T any] struct {
	value  *T
	record store.Record
}

// readStored reads a record; one that isn't there has the revision 0, and no
// value.
func readStored[T any](ctx context.Context, c *Control, key string) (stored[T], error) {
	r, err := c.store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return stored[T]{record: store.Record{Key: key}}, nil
	}
	if err != nil {
		return stored[T]{}, err
	}
	v, _, err := decodeRecord[T](r)
	return stored[T]{v, r}, err
}

// unchanged is the condition that the record is what was read.
func (s stored[T]) unchanged() store.Condition {
	return store.Condition{Key: s.record.Key, Revision: s.record.Revision}
}

// op writes a value to a key.
func putOp[T any](key string, v *T) (store.Op, error) {
	raw, err := encodeRecord(key, v, nil)
	return store.Op{Key: key, Value: raw}, err
}

// put adds the write of a value to s.
func putValue[T any](s *scopeChange, key string, v *T) error {
	op, err := putOp(key, v)
	s.txn.Ops = append(s.txn.Ops, op)
	return err
}
