package registry

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// Records puts what is stored of the service registry into a book.
type Records struct {
	book *Book
	keys map[string]struct{} // of what is in the book; guarded by its mu
}

// NewRecords returns the Records of a book.
func NewRecords(b *Book) *Records { return &Records{b, map[string]struct{}{}} }

// Changed is what a control.Registry tells of records (its option Each).
func (r *Records) Changed(now []*control.RegistryRecord, gone []string, all bool) {
	r.book.Update(func(u *Update) {
		left := map[string]struct{}{}
		if all {
			left, r.keys = r.keys, map[string]struct{}{}
		}
		for _, record := range now {
			delete(left, record.Key)
			r.keys[record.Key] = struct{}{}
			put(u, record)
		}
		for _, key := range gone {
			left[key] = struct{}{}
		}
		for key := range left {
			delete(r.keys, key)
			removeFrom(u, key)
		}
	})
}

func put(u *Update, record *control.RegistryRecord) {
	switch {
	case record.Namespace != nil:
		u.Namespace(record.Namespace)
	case record.Service != nil:
		u.Service(record.Service)
	case record.Instance != nil:
		u.Instance(record.ServiceARN(), record.Instance)
	case record.State != nil:
		u.Revision(record.ServiceARN(), record.State.Revision)
	}
}

func removeFrom(u *Update, key string) {
	scope, what, service, id := control.ParseRegistryKey(key)
	switch {
	case what == "namespace":
		u.RemoveNamespace(apigw.NamespaceARN(scope, id))
	case what == "service":
		u.RemoveService(apigw.RegistryServiceARN(scope, service))
	case id != "":
		u.RemoveInstance(apigw.RegistryServiceARN(scope, service), id)
	}
}
