package store

import (
	"context"
	"errors"
)

// tidy moves live values out of packs that are small and many, or mostly
// garbage, into the packs that the edit writes anyway, so that reading a tree
// stays fast however often it was changed. Frozen heads keep the old packs.
func (s *Store) tidy(ctx context.Context, base TreeBase, e *treeEdit) error {
	victims := e.victims()
	if victims == nil {
		return nil
	}
	contents, err := s.readPacks(ctx, base, e.old, func(i int) bool { return victims[i] })
	switch {
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrConflict):
		return nil // whoever reads the values learns of it; the commit finds a conflict
	case err != nil:
		return err
	}
	for i := range e.entries {
		en := &e.entries[i]
		if en.at.length == 0 || en.at.pack >= len(victims) || !victims[en.at.pack] {
			continue
		}
		if v, err := en.value(e.old, contents); err == nil {
			*en = e.packer.entry(en.EntryKey, en.hash, v)
		}
	}
	return nil
}

// victims returns which of the old packs to empty; nil: none.
func (e *treeEdit) victims() []bool {
	live, whole := e.oldLive()
	small, bytes, alive := 0, 0, 0
	for i, p := range e.old.packs {
		if live[i] == 0 {
			continue
		}
		bytes, alive = bytes+p.size, alive+live[i]
		if p.size < smallPack {
			small++
		}
	}
	many := small > manyPacks
	wasteful := bytes-alive > muchGarbage && alive < bytes/4
	if !many && !wasteful {
		return nil
	}
	victims, moved := make([]bool, len(e.old.packs)), 0
	for i, p := range e.old.packs {
		bad := many && p.size < smallPack || wasteful && live[i] < p.size/2
		if live[i] > 0 && bad && whole[i] && moved+live[i] <= tidyBytes {
			victims[i] = true
			moved += live[i]
		}
	}
	return victims
}

// oldLive counts the live bytes of the old packs and tells the packs that hold
// no piece of a value larger than a pack, which isn't worth moving.
func (e *treeEdit) oldLive() (live []int, whole []bool) {
	n := len(e.old.packs)
	live = liveBytes(e.entries, n+len(e.packer.done)+1)
	whole = make([]bool, n)
	for i := range whole {
		whole[i] = true
	}
	for i := range e.entries {
		if e.entries[i].more == nil {
			continue
		}
		for s := range e.entries[i].spans() {
			if s.pack < n {
				whole[s.pack] = false
			}
		}
	}
	return live[:n], whole
}
