package awsapi

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// routePage reads nextToken and maxResults, which travels as a text.
func routePage(nextToken, maxResults *string) (Page, error) {
	var limit *int
	if maxResults != nil && *maxResults != "" {
		n, err := strconv.Atoi(*maxResults)
		if err != nil {
			return Page{}, apigw.Errorf(apigw.BadRequest, "Invalid maxResults: %s", clipped(*maxResults))
		}
		limit = &n
	}
	p, err := PageOf(nextToken, limit)
	if err != nil {
		err = apigw.Errorf(apigw.BadRequest, "Invalid nextToken: %s", clipped(val(nextToken)))
	}
	return p, err
}

// onPage is the part of a list that a call asks for, in the order of a key,
// and the token of the next one.
func onPage[T, View any](nextToken, maxResults *string, list []T, key func(T) string, view func(T) View) ([]View, *string, error) {
	p, err := routePage(nextToken, maxResults)
	if err != nil {
		return nil, nil, err
	}
	rows := slices.Clone(list)
	slices.SortFunc(rows, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	rows, next := Paginate(p, rows, key)
	return views(rows, view), next, nil
}
