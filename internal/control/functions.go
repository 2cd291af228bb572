package control

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Bounds of functions.
const (
	maxFunctions       = 1000     // of one account and region
	maxCodeStorage     = 2 << 30  // bytes of zips of one account and region; AWS: 75 GB
	maxFunctionRecord  = 900_000  // bytes of one function as it is stored, with its versions
	maxFunctionZip     = 50 << 20 // bytes of a zip (AWS Lambda developer guide, "Lambda quotas")
	functionCodeChunks = 512 << 10
)

// FunctionOptions say what Functions works with.
type FunctionOptions struct {
	// Sealer seals environments; it is asked for when the first is to be kept
	// or read. An error refuses the change.
	Sealer func() (*store.Sealer, error)
	// Check says why a version can't run here. The zip is nil when the code
	// doesn't change. Default: everything can.
	Check func(v *apigw.FunctionVersion, zip []byte) error
	// Changed is told of every function as it is and becomes, one call at a
	// time; nil: it is gone. Default: nobody is told.
	Changed func(scope apigw.Scope, name string, f *apigw.Function)
	// Keep is given all functions, as they are stored, whenever they changed;
	// DecodeKept reads them. Default: nothing is kept.
	Keep func(records []byte)
}

// Functions keeps the functions that are created through Lambda's API. Safe
// for concurrent use.
type Functions struct {
	c *Control
	FunctionOptions
	catalog catalog
}

// NewFunctions returns the functions of c's store.
func NewFunctions(c *Control, o FunctionOptions) *Functions {
	if o.Check == nil {
		o.Check = func(*apigw.FunctionVersion, []byte) error { return nil }
	}
	if o.Changed == nil {
		o.Changed = func(apigw.Scope, string, *apigw.Function) {}
	}
	if o.Keep == nil {
		o.Keep = func([]byte) {}
	}
	return &Functions{c: c, FunctionOptions: o, catalog: newCatalog()}
}

// functionRef names one function.
type functionRef struct {
	scope apigw.Scope
	name  string
}

func (r functionRef) key() string {
	return ScopePrefix(r.scope) + string(KeyFunction) + "/" + segment(r.name)
}

// codePrefix begins the keys of all code of the function.
func (r functionRef) codePrefix() string {
	return ScopePrefix(r.scope) + string(KeyFunctionCode) + "/" + segment(r.name) + "/"
}

// FunctionARN is a function's ARN, with a qualifier when it isn't empty.
func FunctionARN(s apigw.Scope, name, qualifier string) string {
	arn := "arn:" + s.Partition + ":lambda:" + s.Region + ":" + s.Account + ":function:" + name
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

func (r functionRef) unknown() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Function not found: %s", FunctionARN(r.scope, r.name, ""))
}

// Function returns a function as it is stored.
func (s *Functions) Function(ctx context.Context, scope apigw.Scope, name string) (*apigw.Function, error) {
	f, _, err := s.read(ctx, functionRef{scope, name})
	return f, storeError(err)
}

func (s *Functions) read(ctx context.Context, ref functionRef) (*apigw.Function, int64, error) {
	r, err := s.c.store.Get(ctx, ref.key())
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, ref.unknown()
	}
	if err != nil {
		return nil, 0, err
	}
	f, err := s.decode(r.Key, r.Value)
	return f, r.Revision, err
}

// Functions lists the functions of a scope by name.
func (s *Functions) Functions(ctx context.Context, scope apigw.Scope) ([]*apigw.Function, error) {
	records, _, _, err := s.c.store.List(ctx, ScopePrefix(scope)+string(KeyFunction)+"/", "", 0)
	if err != nil {
		return nil, storeError(err)
	}
	list := make([]*apigw.Function, 0, len(records))
	for _, r := range records {
		f, err := s.decode(r.Key, r.Value)
		if err != nil {
			return nil, storeError(err)
		}
		list = append(list, f)
	}
	return list, nil
}

// CreateFunction stores a function and its code. Of first, the caller leaves
// open what the code and the moment decide.
func (s *Functions) CreateFunction(ctx context.Context, scope apigw.Scope, name string, first apigw.FunctionVersion, zip []byte, tags map[string]string, publish bool) (*apigw.Function, error) {
	ref := functionRef{scope, name}
	if _, _, err := s.read(ctx, ref); apigw.KindOf(err) != apigw.NotFound {
		return nil, storeErrorOr(err, apigw.Errorf(apigw.Conflict, "Function already exist: %s", name))
	}
	if err := s.checkRoom(ctx, scope, len(zip), 1); err != nil {
		return nil, err
	}
	first.Version = apigw.LatestVersion
	f := &apigw.Function{Name: name, Tags: maps.Clone(tags), Versions: []*apigw.FunctionVersion{&first}}
	s.takeCode(&first, zip)
	if err := s.Check(&first, zip); err != nil {
		return nil, err
	}
	if publish {
		if _, err := s.Publish(f, nil, ""); err != nil {
			return nil, err
		}
	}
	err := s.write(ctx, ref, f, zip, 0)
	if errors.Is(err, store.ErrConflict) {
		return nil, apigw.Errorf(apigw.Conflict, "Function already exist: %s", name)
	}
	return f, storeError(err)
}

// storeErrorOr is refusal when there was no error.
func storeErrorOr(err error, refusal *apigw.Error) error {
	if err == nil {
		return refusal
	}
	return storeError(err)
}

// checkRoom refuses so many more bytes of code, and functions, that there is
// no room for.
func (s *Functions) checkRoom(ctx context.Context, scope apigw.Scope, bytes, functions int) error {
	if bytes > maxFunctionZip {
		return apigw.Errorf(apigw.BadRequest, "The zip has %d bytes; at most %d are taken", bytes, maxFunctionZip)
	}
	all, err := s.Functions(ctx, scope)
	if err != nil {
		return err
	}
	if len(all)+functions > maxFunctions {
		return apigw.Errorf(apigw.LimitExceeded, "At most %d functions are kept for an account in a region", maxFunctions)
	}
	total := int64(bytes)
	for _, f := range all {
		for _, size := range codeOf(f) {
			total += size
		}
	}
	if total > maxCodeStorage {
		return apigw.Errorf(apigw.LimitExceeded, "Code storage limit exceeded.")
	}
	return nil
}

// codeOf are the sizes of a function's zips by hash.
func codeOf(f *apigw.Function) map[string]int64 {
	m := map[string]int64{}
	for _, v := range f.Versions {
		m[v.CodeHash] = v.CodeSize
	}
	return m
}

// takeCode notes that v has the code of zip, from now.
func (s *Functions) takeCode(v *apigw.FunctionVersion, zip []byte) {
	sum := sha256.Sum256(zip)
	v.CodeHash, v.CodeSize = hex.EncodeToString(sum[:]), int64(len(zip))
	s.touch(v)
}

// touch gives v the revision and the time of a change.
func (s *Functions) touch(v *apigw.FunctionVersion) {
	v.Modified, v.Revision = s.c.now().UTC(), s.newRevision()
}

// UpdateFunction changes a function: change gets a copy and may refuse. With a
// zip, $LATEST has its code before change is called. A revision, when given,
// must be $LATEST's.
func (s *Functions) UpdateFunction(ctx context.Context, scope apigw.Scope, name string, zip []byte, given string, change func(*apigw.Function) error) (*apigw.Function, error) {
	ref := functionRef{scope, name}
	for attempt := 1; ; attempt++ {
		f, err := s.update(ctx, ref, zip, given, change)
		if !errors.Is(err, store.ErrConflict) || attempt == maxAttempts {
			return f, storeError(err)
		}
	}
}

func (s *Functions) update(ctx context.Context, ref functionRef, zip []byte, given string, change func(*apigw.Function) error) (*apigw.Function, error) {
	f, revision, err := s.read(ctx, ref)
	if err != nil {
		return nil, err
	}
	before := *f.Versions[0]
	if err := checkRevision(given, before.Revision); err != nil {
		return nil, err
	}
	if zip != nil {
		if err := s.checkRoom(ctx, ref.scope, len(zip), 0); err != nil {
			return nil, err
		}
		s.takeCode(f.Versions[0], zip)
	}
	if err := change(f); err != nil {
		return nil, err
	}
	if now := f.Versions[0]; now.Revision != before.Revision {
		if err := s.Check(now, zip); err != nil {
			return nil, err
		}
	}
	return f, s.write(ctx, ref, f, zip, revision)
}

// DeleteFunction removes a function with its versions and code.
func (s *Functions) DeleteFunction(ctx context.Context, scope apigw.Scope, name string) error {
	ref := functionRef{scope, name}
	r, err := s.c.store.Get(ctx, ref.key()) // also one that can't be read any more
	if errors.Is(err, store.ErrNotFound) {
		return ref.unknown()
	}
	if err != nil {
		return storeError(err)
	}
	now, err := s.c.store.Commit(ctx, store.Txn{
		If:  []store.Condition{{Key: ref.key(), Revision: r.Revision}},
		Ops: []store.Op{{Key: ref.key()}, {Key: ref.codePrefix(), Prefix: true}},
	})
	if err != nil {
		return storeError(err)
	}
	s.apply(ref, nil, nil, now)
	s.keep()
	return nil
}

// write stores f, whose record was last changed at revision, and its code when
// that is new, and forgets code that no version has any more.
func (s *Functions) write(ctx context.Context, ref functionRef, f *apigw.Function, zip []byte, revision int64) error {
	value, err := s.encode(ref.key(), f)
	if err != nil {
		return err
	}
	if len(value) > maxFunctionRecord {
		return apigw.Errorf(apigw.LimitExceeded, "The function with its %d versions takes %d bytes; at most %d are kept: delete versions", len(f.Versions), len(value), maxFunctionRecord)
	}
	txn := store.Txn{If: []store.Condition{{Key: ref.key(), Revision: revision}}}
	if txn.Ops, err = s.c.noteScope(ctx, ref.scope); err != nil {
		return err
	}
	if zip != nil {
		kept, err := s.putCode(ctx, ref, f.Versions[0].CodeHash, zip)
		if err != nil {
			return err
		}
		txn.If = append(txn.If, kept)
	}
	txn.Ops = append(txn.Ops, store.Op{Key: ref.key(), Value: value})
	now, err := s.c.store.Commit(ctx, txn)
	if err != nil {
		return err
	}
	s.apply(ref, f, value, now)
	s.keep()
	s.dropCode(ctx, ref, f, now)
	return nil
}

// storedFunction is a function's record: environments are sealed.
type storedFunction struct {
	*apigw.Function
	Environments [][]byte `json:"environments,omitempty"` // by version, as Versions; empty: none
}

func (s *Functions) encode(key string, f *apigw.Function) ([]byte, error) {
	record := storedFunction{Function: f}
	for i, v := range f.Versions {
		sealed, err := s.seal(key, v)
		if err != nil {
			return nil, err
		}
		if sealed == nil {
			continue
		}
		if record.Environments == nil {
			record.Environments = make([][]byte, len(f.Versions))
		}
		record.Environments[i] = sealed
	}
	value, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encode function %s: %w", f.Name, err)
	}
	return value, nil
}

// seal is the environment of v as it is stored; nil: there is none. One that
// couldn't be unsealed stays as it was.
func (s *Functions) seal(key string, v *apigw.FunctionVersion) ([]byte, error) {
	if v.Unreadable != "" {
		return v.Sealed, nil
	}
	if len(v.Environment) == 0 {
		return nil, nil
	}
	sealer, err := s.Sealer()
	if errors.Is(err, store.ErrDead) {
		return nil, err
	}
	if err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "The environment can't be kept: %v", err)
	}
	text, err := json.Marshal(v.Environment)
	if err != nil {
		return nil, fmt.Errorf("encode the environment of version %s: %w", v.Version, err)
	}
	return sealer.Seal(key, text), nil
}

func (s *Functions) decode(key string, value []byte) (*apigw.Function, error) {
	return decodeFunction(key, value, s.Sealer)
}

// decodeFunction reads a function's record. A version whose environment can't
// be unsealed says so itself: the others, and other functions, are none the
// worse for it.
func decodeFunction(key string, value []byte, sealers func() (*store.Sealer, error)) (*apigw.Function, error) {
	record := storedFunction{Function: new(apigw.Function)}
	if err := json.Unmarshal(value, &record); err != nil {
		return nil, fmt.Errorf("read function %s: %w", key, err)
	}
	f := record.Function
	if len(f.Versions) == 0 || len(record.Environments) > len(f.Versions) {
		return nil, fmt.Errorf("read function %s: the record is damaged", key)
	}
	for i, sealed := range record.Environments {
		if len(sealed) == 0 {
			continue
		}
		environment, err := unseal(key, sealed, sealers)
		switch v := f.Versions[i]; {
		case errors.Is(err, store.ErrDead), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return nil, fmt.Errorf("read function %s: %w", key, err)
		case err != nil:
			v.Unreadable, v.Sealed = err.Error(), sealed
		default:
			v.Environment = environment
		}
	}
	return f, nil
}

func unseal(key string, sealed []byte, sealers func() (*store.Sealer, error)) (map[string]string, error) {
	sealer, err := sealers()
	if err != nil {
		return nil, err
	}
	text, err := sealer.Open(key, sealed)
	if err != nil {
		return nil, err
	}
	var environment map[string]string
	err = json.Unmarshal(text, &environment)
	return environment, err
}

// newRevision is a random UUID.
func (s *Functions) newRevision() string {
	var b [16]byte
	_, _ = io.ReadFull(s.c.rand, b[:]) // the system's randomness never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// sortedAliases keeps aliases by name.
func sortedAliases(list []*apigw.FunctionAlias) {
	slices.SortFunc(list, func(a, b *apigw.FunctionAlias) int { return cmp.Compare(a.Name, b.Name) })
}
