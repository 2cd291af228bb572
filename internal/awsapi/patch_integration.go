package awsapi

import (
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func patchIntegration(ops []PatchOp) func(*apigw.Integration) error {
	return func(i *apigw.Integration) error {
		return applyEach(ops, func(op PatchOp) error { return patchIntegrationOp(i, op) })
	}
}

func patchIntegrationOp(i *apigw.Integration, op PatchOp) error {
	if name, ok := op.Key("requestParameters"); ok {
		return patchEntry(&i.RequestParameters, op, name, op.Text(), noParameter)
	}
	if contentType, ok := op.Key("requestTemplates"); ok {
		return patchTemplate(&i.RequestTemplates, &i.TemplateOrder, op, contentType)
	}
	if name, ok := op.Key("cacheKeyParameters"); ok {
		return patchCacheKey(i, op, name)
	}
	switch op.Path {
	case "/cacheNamespace":
		return op.replaceText(&i.CacheNamespace)
	case "/connectionId":
		return op.replaceText(&i.ConnectionID)
	case "/connectionType":
		return op.replaceText(&i.ConnectionType)
	case "/contentHandling":
		return patchContentHandling(&i.ContentHandling, op)
	case "/credentials":
		return op.replaceText(&i.Credentials)
	case "/integrationTarget":
		return op.replaceText(&i.Target)
	case "/passthroughBehavior":
		return op.replaceText(&i.PassthroughBehavior)
	case "/responseTransferMode":
		return patchChoice(&i.ResponseMode, op, "BUFFERED", "STREAM")
	case "/timeoutInMillis":
		return patchTimeout(i, op)
	case "/tlsConfig/insecureSkipVerification":
		i.TLSInsecure = new(bool)
		return op.replaceBool(i.TLSInsecure)
	case "/httpMethod", "/uri":
		if i.Type == apigw.IntegrationMock {
			return op.ShortPathError()
		}
		if op.Path == "/uri" {
			return op.replaceText(&i.URI)
		}
		return op.replaceText(&i.HTTPMethod)
	}
	return op.ShortPathError()
}

func patchTimeout(i *apigw.Integration, op PatchOp) error {
	if err := op.only("replace"); err != nil {
		return err
	}
	n, err := op.integer()
	if n == 0 {
		n = -1 // 0 would take the default
	}
	i.TimeoutMillis = n
	return err
}

// patchCacheKey: the path carries the parameter.
func patchCacheKey(i *apigw.Integration, op PatchOp, name string) error {
	if err := op.only("add", "remove", "replace"); err != nil {
		return err
	}
	i.CacheKeyParameters = slices.DeleteFunc(i.CacheKeyParameters, func(p string) bool { return p == name })
	if op.Op == "replace" && op.Text() != "" {
		name = op.Text()
	}
	if op.Op != "remove" {
		i.CacheKeyParameters = append(i.CacheKeyParameters, name)
	}
	return nil
}

// patchTemplate changes one template; a new one is the last in the order.
func patchTemplate(m *map[string]*string, order *[]string, op PatchOp, contentType string) error {
	if err := patchEntry(m, op, contentType, op.Value, noContentType); err != nil {
		return err
	}
	if op.Op == "add" && !slices.Contains(*order, contentType) {
		*order = append(*order, contentType)
	}
	return nil
}

func patchContentHandling(to *string, op PatchOp) error {
	if op.Text() == "" {
		return op.replaceText(to)
	}
	return patchChoice(to, op, "CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
}

func patchChoice(to *string, op PatchOp, values ...string) error {
	if err := op.only("replace"); err != nil {
		return err
	}
	v, err := op.oneOf(values...)
	*to = v
	return err
}

func patchIntegrationResponse(ops []PatchOp) func(*apigw.IntegrationResponse) error {
	return func(r *apigw.IntegrationResponse) error {
		return applyEach(ops, func(op PatchOp) error {
			if name, ok := op.Key("responseParameters"); ok {
				return patchEntry(&r.ResponseParameters, op, name, op.Text(), noParameter)
			}
			if contentType, ok := op.Key("responseTemplates"); ok {
				return patchTemplate(&r.ResponseTemplates, &r.TemplateOrder, op, contentType)
			}
			switch op.Path {
			case "/contentHandling":
				return patchContentHandling(&r.ContentHandling, op)
			case "/selectionPattern":
				err := op.only("replace")
				r.SelectionPattern = new(op.Text())
				return err
			}
			return op.ShortPathError()
		})
	}
}
