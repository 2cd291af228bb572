package store

import (
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func record(kv *mvccpb.KeyValue) Record {
	return Record{Key: string(kv.Key), Value: present(kv.Value), Revision: kv.ModRevision}
}

// present tells an empty value from none: nil means deleted.
func present(v []byte) []byte {
	if v == nil {
		return []byte{}
	}
	return v
}

func comparisons(conds []Condition) []clientv3.Cmp {
	cmps := make([]clientv3.Cmp, len(conds))
	for i, c := range conds {
		cmps[i] = clientv3.Compare(clientv3.ModRevision(c.Key), "=", c.Revision)
	}
	return cmps
}

func operations(ops []Op) []clientv3.Op {
	out := make([]clientv3.Op, len(ops))
	for i, op := range ops {
		switch {
		case op.Prefix:
			out[i] = clientv3.OpDelete(op.Key, clientv3.WithPrefix())
		case op.Value == nil:
			out[i] = clientv3.OpDelete(op.Key)
		default:
			out[i] = clientv3.OpPut(op.Key, string(op.Value))
		}
	}
	return out
}
