package control

import (
	"fmt"
	"io"
)

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// newID makes an identifier of n characters of [a-z0-9].
func (c *Control) newID(n int) (string, error) {
	var raw [64]byte
	id := make([]byte, 0, n)
	for len(id) < n {
		if _, err := io.ReadFull(c.rand, raw[:]); err != nil {
			return "", fmt.Errorf("draw an identifier: %w", err)
		}
		for _, b := range raw {
			// 252 is the largest multiple of 36: every character is as likely.
			if b < 252 && len(id) < n {
				id = append(id, idAlphabet[b%36])
			}
		}
	}
	return string(id), nil
}

// freeID draws identifiers until one isn't taken.
func (c *Control) freeID(n int, taken func(id string) bool) (string, error) {
	for {
		id, err := c.newID(n)
		if err != nil || !taken(id) {
			return id, err
		}
	}
}
