package control

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"

	"github.com/gatehouse/gatehouse/internal/store"
)

// sealedText is what a sealed value looks like in a record's JSON.
var sealedText = regexp.MustCompile(`"[A-Za-z0-9+/]{40,}={0,2}"`)

// Reseal seals anew with the first master key what another one has sealed, and
// says how many records it changed. After it, only the first key is needed. A
// record that somebody else changes meanwhile was sealed with the first key by
// that.
func (c *Control) Reseal(ctx context.Context) (changed int, err error) {
	if c.sealer == nil {
		return 0, nil
	}
	sealer, err := c.sealer()
	if err != nil {
		return 0, err
	}
	for after, more := "", true; more; {
		var records []store.Record
		if records, more, _, err = c.store.List(ctx, KeyRoot, after, 200); err != nil {
			return changed, err
		}
		for _, r := range records {
			after = r.Key
			n, err := c.reseal(ctx, sealer, r)
			if err != nil {
				return changed, fmt.Errorf("%s: %w", r.Key, err)
			}
			changed += n
		}
	}
	return changed, c.store.AdoptMasterKey(ctx, sealer)
}

// reseal is Reseal for one record: 1 when it was changed.
func (c *Control) reseal(ctx context.Context, sealer *store.Sealer, r store.Record) (int, error) {
	p, ok := ParseKey(r.Key)
	switch {
	case !ok || p.Kind == KeyBlob:
		return 0, nil
	case p.Kind == KeyAPIKey: // it is found by what the master key makes of it, too
		return c.resealKey(ctx, sealer, p.Scope, r)
	}
	var failed error
	value := sealedText.ReplaceAllFunc(r.Value, func(text []byte) []byte {
		sealed, err := base64.StdEncoding.DecodeString(string(text[1 : len(text)-1]))
		if err != nil || !sealer.Stale(sealed) {
			return text
		}
		plain, err := sealer.Open(r.Key, sealed)
		if err != nil {
			failed = err
			return text
		}
		return fmt.Appendf(nil, "%q", base64.StdEncoding.EncodeToString(sealer.Seal(r.Key, plain)))
	})
	if failed != nil || string(value) == string(r.Value) {
		return 0, failed
	}
	_, err := c.store.Commit(ctx, store.Txn{If: []store.Condition{{Key: r.Key, Revision: r.Revision}}, Ops: []store.Op{{Key: r.Key, Value: value}}})
	if errors.Is(err, store.ErrConflict) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}
