package awsapi

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// filter is one filter of a list of Cloud Map's.
type filter struct {
	name, condition string // condition empty: EQ
	values          []string
}

// checkFilters refuses conditions that a list hasn't, and values that they can't
// have (Cloud Map reference, NamespaceFilter, ServiceFilter, OperationFilter).
func checkFilters(filters []filter, allowed ...string) error {
	for _, f := range filters {
		condition := f.condition
		if condition == "" {
			condition = "EQ"
		}
		wanted := map[string]int{"EQ": 1, "BEGINS_WITH": 1, "BETWEEN": 2}[condition]
		switch {
		case !slices.Contains(allowed, condition), (condition == "BETWEEN") != (f.name == "UPDATE_DATE"), condition == "BEGINS_WITH" && f.name == "RESOURCE_OWNER":
			return apigw.Errorf(apigw.BadRequest, "Filters: the condition %s can't be used with %s", condition, f.name)
		case wanted > 0 && len(f.values) != wanted, len(f.values) == 0:
			return apigw.Errorf(apigw.BadRequest, "Filters: %s with the condition %s can't have %d values", f.name, condition, len(f.values))
		case f.name == "RESOURCE_OWNER" && f.values[0] != "SELF" && f.values[0] != "OTHER_ACCOUNTS":
			return apigw.Errorf(apigw.BadRequest, "Filters: RESOURCE_OWNER is SELF or OTHER_ACCOUNTS, not %.100q", f.values[0])
		}
		if condition == "BETWEEN" {
			for _, v := range f.values {
				if _, err := strconv.ParseFloat(v, 64); err != nil {
					return apigw.Errorf(apigw.BadRequest, "Filters: UPDATE_DATE is between two times in Unix format, not %.100q", v)
				}
			}
		}
	}
	return nil
}

// matchesAll says whether something with these values, by the names of filters,
// is let through.
func matchesAll(filters []filter, values map[string]string) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool { return !f.matches(values[f.name]) })
}

func (f filter) matches(value string) bool {
	switch f.condition {
	case "BEGINS_WITH":
		return strings.HasPrefix(value, f.values[0])
	case "BETWEEN":
		from, _ := strconv.ParseFloat(f.values[0], 64) // checked before
		to, _ := strconv.ParseFloat(f.values[1], 64)
		at, err := strconv.ParseFloat(value, 64)
		return err == nil && from <= at && at <= to
	}
	return slices.Contains(f.values, value)
}

// registryPage cuts rows, sorted by key, down to the page that a call asks for:
// 100 unless it says so. What a list filters, it filters from the page, as Cloud
// Map does.
func registryPage[T any](token *string, most *int, rows []T, key func(T) string) (page []T, next *string, err error) {
	p, err := PageOf(token, nil)
	if err != nil {
		return nil, nil, apigw.Errorf(apigw.BadRequest, "NextToken isn't one that this list has given")
	}
	p.Limit = 100
	if most != nil {
		p.Limit = *most
	}
	page, next = Paginate(p, rows, key)
	return page, next, nil
}
