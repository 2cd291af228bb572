package lambda

import (
	"cmp"
	"slices"
)

// Configured is one function of the configuration.
type Configured struct {
	Name     Name // complete but for the qualifier
	Function Function
}

// Configured lists the functions of the configuration by name, defaults filled
// in.
func (f *Functions) Configured() []Configured {
	list := make([]Configured, 0, len(f.entries))
	for key, t := range f.entries {
		if c, ok := f.configured(key, t); ok {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Configured) int {
		return cmp.Or(cmp.Compare(a.Name.Name, b.Name.Name), cmp.Compare(a.Name.Qualifier, b.Name.Qualifier))
	})
	return list
}

// FindConfigured is the function of the configuration that an identifier
// means, if there is one: whoever calls it is served by that, and not by one
// created through Lambda's API.
func (f *Functions) FindConfigured(identifier string) (Configured, bool) {
	name, err := ParseName(identifier)
	if err != nil {
		return Configured{}, false
	}
	key, t := f.entryOf(name)
	if t == nil {
		return Configured{}, false
	}
	return f.configured(key, t)
}

func (f *Functions) configured(key string, t *target) (Configured, bool) {
	name, err := ParseName(key)
	if err != nil || t == nil {
		return Configured{}, false
	}
	name.Partition, name.Region, name.Account = cmp.Or(name.Partition, f.cfg.Partition), cmp.Or(name.Region, f.cfg.Region), cmp.Or(name.Account, f.cfg.Account)
	c := Configured{Name: name, Function: f.cfg.Functions[key]}
	if t.local != nil {
		c.Function = t.local.function
	}
	return c, true
}
