package control

import (
	"context"
	"maps"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxRegistryTags is how many a resource has (Cloud Map reference,
// TooManyTagsException).
const maxRegistryTags = 50

func checkRegistryTags(resource string, tags map[string]string) error {
	if len(tags) > maxRegistryTags {
		e := apigw.Coded(apigw.LimitExceeded, "TooManyTagsException", "A resource has at most %d tags", maxRegistryTags)
		e.Members = map[string]string{"ResourceName": resource}
		return e
	}
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalidInput("Tag key %q: names that begin with aws: are reserved", key)
		}
	}
	return nil
}

func unknownRegistryResource(arn apigw.ARN) *apigw.Error {
	return apigw.Coded(apigw.NotFound, "ResourceNotFoundException", "Resource %.300s not found.", arn)
}

// RegistryTags returns the tags of a namespace or a service.
func (c *Control) RegistryTags(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (map[string]string, error) {
	of, what, id, ok := apigw.ParseRegistryARN(arn)
	if !ok || of != scope {
		return nil, unknownRegistryResource(arn)
	}
	if what == registryNamespaces {
		n, err := readStored[apigw.Namespace](ctx, c, namespaceKey(scope, id))
		if err != nil || n.value != nil {
			return valueOr(n.value).Tags, storeError(err)
		}
		return nil, unknownRegistryResource(arn)
	}
	s, err := readStored[apigw.RegistryService](ctx, c, registryServiceKey(scope, id))
	if err != nil || s.value != nil {
		return valueOr(s.value).Tags, storeError(err)
	}
	return nil, unknownRegistryResource(arn)
}

func valueOr[T any](v *T) *T {
	if v == nil {
		return new(T)
	}
	return v
}

// TagRegistry changes the tags of a namespace or a service; change gets a map to
// change.
func (c *Control) TagRegistry(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change func(map[string]string)) error {
	of, what, id, ok := apigw.ParseRegistryARN(arn)
	if !ok || of != scope {
		return unknownRegistryResource(arn)
	}
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		if what == registryNamespaces {
			n, err := readStored[apigw.Namespace](ctx, c, namespaceKey(scope, id))
			if err != nil || n.value == nil {
				return orElse(err, unknownRegistryResource(arn))
			}
			return c.retag(arn, "namespace", n.value.Name, n.value.Declared, &n.value.Tags, change, func() error { return putValue(s, n.record.Key, n.value) })
		}
		v, err := readStored[apigw.RegistryService](ctx, c, registryServiceKey(scope, id))
		if err != nil || v.value == nil {
			return orElse(err, unknownRegistryResource(arn))
		}
		return c.retag(arn, "service", v.value.Name, v.value.Declared, &v.value.Tags, change, func() error { return putValue(s, v.record.Key, v.value) })
	})
}

func orElse(err error, other *apigw.Error) error {
	if err != nil {
		return err
	}
	return other
}

func (c *Control) retag(arn apigw.ARN, what, name string, declared bool, tags *map[string]string, change func(map[string]string), put func() error) error {
	if declared {
		return declaredInFile(what, name)
	}
	now := map[string]string{}
	maps.Copy(now, *tags)
	change(now)
	if err := checkRegistryTags(string(arn), now); err != nil {
		return err
	}
	*tags = now
	return put()
}
