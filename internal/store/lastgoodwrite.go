package store

import (
	"encoding/binary"
	"time"

	bolt "go.etcd.io/bbolt"
)

// write brings what is pending to the disk until Close.
func (l *LastGood) write() {
	defer close(l.done)
	var retry <-chan time.Time
	for {
		select {
		case <-l.wake:
		case <-retry:
		}
		flushes, last := l.takeFlushes()
		err := l.drain()
		for _, c := range flushes {
			c <- err
		}
		l.report(err)
		if last {
			return
		}
		retry = nil
		if err != nil {
			retry = time.After(lastGoodRetry)
		}
	}
}

// takeFlushes returns who waits for what is pending now, and whether nothing
// will be put after it.
func (l *LastGood) takeFlushes() (flushes []chan error, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	flushes, l.flushes = l.flushes, nil
	return flushes, l.closing
}

// report says once that writing fails, and that it works again.
func (l *LastGood) report(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil && l.err == nil:
		l.log.Error("the last good state can't be written; the old one stays", "cause", err)
	case err == nil && l.err != nil:
		l.log.Info("the last good state is written again")
	}
	l.err = err
}

// drain writes batch after batch until nothing is pending.
func (l *LastGood) drain() error {
	for {
		batch, rev := l.takeBatch()
		if len(batch) == 0 && rev == 0 {
			return nil
		}
		err := guardFault(func() error {
			return l.db.Update(func(tx *bolt.Tx) error { return applyBatch(tx, batch, rev) })
		})
		if err != nil {
			l.giveBack(batch, rev)
			return err
		}
	}
}

type queued struct {
	key string
	waiting
}

// takeBatch takes what was put first, as much as one transaction should hold.
// The revision goes with the last of it.
func (l *LastGood) takeBatch() (batch []queued, rev int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bytes, n := 0, 0
	for n < len(l.order) && bytes < lastGoodBatch {
		t := l.order[n]
		n++
		w, ok := l.pending[t.key]
		if !ok || w.turn != t.turn {
			continue // put again since, or dropped
		}
		delete(l.pending, t.key)
		batch = append(batch, queued{t.key, w})
		bytes += len(t.key) + len(w.value)
	}
	l.order = l.order[n:]
	l.bytes -= bytes
	if len(l.order) > 0 {
		return batch, 0
	}
	l.order = nil
	rev, l.revision = l.revision, 0
	return batch, rev
}

func applyBatch(tx *bolt.Tx, batch []queued, rev int64) error {
	records, err := tx.CreateBucketIfNotExists(lastGoodBucket)
	if err != nil {
		return err
	}
	for _, q := range batch {
		if q.value == nil {
			err = records.Delete([]byte(q.key))
		} else {
			err = records.Put([]byte(q.key), q.value)
		}
		if err != nil {
			return err
		}
	}
	if rev == 0 {
		return nil
	}
	marks, err := tx.CreateBucketIfNotExists(lastGoodMarks)
	if err != nil {
		return err
	}
	return marks.Put(revisionMark, binary.BigEndian.AppendUint64(nil, uint64(rev)))
}

func decodeRevision(b []byte) int64 {
	if len(b) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

// giveBack makes a batch pending again where nothing newer is, before all else.
func (l *LastGood) giveBack(batch []queued, rev int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var first []turn
	for _, q := range batch {
		if _, newer := l.pending[q.key]; !newer && !l.dropped[q.key] {
			l.pending[q.key] = q.waiting
			l.bytes += len(q.key) + len(q.value)
			first = append(first, turn{q.key, q.turn})
		}
	}
	l.order = append(first, l.order...)
	if l.revision == 0 {
		l.revision = rev
	}
}
