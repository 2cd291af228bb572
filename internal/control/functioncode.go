package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func (r functionRef) codeKey(hash string, chunk int) string {
	return fmt.Sprintf("%s%s/%04d", r.codePrefix(), hash, chunk)
}

// putCode stores a zip in chunks. The condition that it returns holds while
// nobody has removed them: all are removed at once, so it watches the first.
func (s *Functions) putCode(ctx context.Context, ref functionRef, hash string, zip []byte) (store.Condition, error) {
	first := store.Condition{Key: ref.codeKey(hash, 0)}
	for i := 0; i*functionCodeChunks < len(zip); i++ {
		chunk := zip[i*functionCodeChunks : min((i+1)*functionCodeChunks, len(zip))]
		revision, err := s.c.store.Commit(ctx, store.Txn{Ops: []store.Op{{Key: ref.codeKey(hash, i), Value: chunk}}})
		if err != nil {
			return first, err
		}
		if i == 0 {
			first.Revision = revision
		}
	}
	return first, nil
}

// dropCode removes code that no version of f, stored at revision, has. What
// stays because this fails or the process ends is removed after the next
// change.
func (s *Functions) dropCode(ctx context.Context, ref functionRef, f *apigw.Function, revision int64) {
	used := codeOf(f)
	after := ""
	for {
		records, more, _, err := s.c.store.List(ctx, ref.codePrefix(), after, 1)
		if err != nil || len(records) == 0 {
			return
		}
		rest := strings.TrimPrefix(records[0].Key, ref.codePrefix())
		hash, _, _ := strings.Cut(rest, "/")
		prefix := ref.codePrefix() + hash + "/"
		if _, ok := used[hash]; !ok {
			_, err = s.c.store.Commit(ctx, store.Txn{
				If:  []store.Condition{{Key: ref.key(), Revision: revision}},
				Ops: []store.Op{{Key: prefix, Prefix: true}},
			})
			if err != nil {
				return // changed again: that change removes it
			}
		}
		if !more {
			return
		}
		after = prefix + "~"
	}
}

// Code returns the zip of a function's version by its hash.
func (s *Functions) Code(ctx context.Context, scope apigw.Scope, name, hash string) ([]byte, error) {
	ref := functionRef{scope, name}
	records, _, _, err := s.c.store.List(ctx, ref.codePrefix()+hash+"/", "", 0)
	if err != nil {
		return nil, storeError(err)
	}
	var zip []byte
	for _, r := range records {
		zip = append(zip, r.Value...)
	}
	if sum := sha256.Sum256(zip); hex.EncodeToString(sum[:]) != hash {
		return nil, storeError(fmt.Errorf("the stored code %s of function %s is damaged", hash, name))
	}
	return zip, nil
}
