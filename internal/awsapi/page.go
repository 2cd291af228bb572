package awsapi

import (
	"encoding/base64"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Page sizes of lists (developer guide, API reference of each Get list).
const (
	defaultPage = 25
	maxPage     = 500
)

// positionPrefix marks a token as ours, so that another text is refused
// instead of being taken for a key.
const positionPrefix = "key="

// Page is the part of a sorted list that a call asks for.
type Page struct {
	After string // rows whose key is greater; empty: from the start
	Limit int
}

// PageOf reads position and limit. A limit that is out of range answers a
// normal page: AWS accepts -1 (recorded on AWS).
func PageOf(position *string, limit *int) (Page, error) {
	p := Page{Limit: defaultPage}
	if limit != nil && *limit > 0 {
		p.Limit = min(*limit, maxPage)
	}
	if position == nil || *position == "" {
		return p, nil
	}
	text, err := base64.StdEncoding.DecodeString(*position)
	key, ours := strings.CutPrefix(string(text), positionPrefix)
	if err != nil || !ours {
		return p, apigw.Errorf(apigw.BadRequest, "Invalid position parameter: %s", *position)
	}
	p.After = key
	return p, nil
}

// Position is the opaque token from which the page after key begins.
func Position(key string) *string {
	token := base64.StdEncoding.EncodeToString([]byte(positionPrefix + key))
	return &token
}

// Paginate cuts rows, sorted by key in ascending order, down to p. The
// position is nil on the last page.
func Paginate[T any](p Page, rows []T, key func(T) string) (page []T, position *string) {
	first := 0
	for first < len(rows) && p.After != "" && key(rows[first]) <= p.After {
		first++
	}
	rows = rows[first:]
	if len(rows) <= p.Limit {
		return rows, nil
	}
	rows = rows[:p.Limit]
	return rows, Position(key(rows[len(rows)-1]))
}
