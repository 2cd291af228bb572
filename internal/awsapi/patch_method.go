package awsapi

import (
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// patchEntry changes one entry of a map by add, replace or remove. An emptied
// map is nil, so that it isn't shown any more (recorded on AWS). Missing is
// the answer when there is nothing to replace or remove.
func patchEntry[V any](m *map[string]V, op PatchOp, key string, v V, missing string) error {
	if err := op.only("add", "remove", "replace"); err != nil {
		return err
	}
	if _, ok := (*m)[key]; !ok && op.Op != "add" {
		return apigw.Errorf(apigw.NotFound, "%s", missing)
	}
	if op.Op == "remove" {
		delete(*m, key)
		if len(*m) == 0 {
			*m = nil
		}
		return nil
	}
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = v
	return nil
}

const (
	noParameter   = "Invalid parameter name specified"
	noContentType = "Content-Type specified was not found"
)

func patchMethod(ops []PatchOp) func(*apigw.Method) error {
	return func(m *apigw.Method) error {
		return applyEach(ops, func(op PatchOp) error { return patchMethodOp(m, op) })
	}
}

func patchMethodOp(m *apigw.Method, op PatchOp) error {
	if name, ok := op.Key("requestParameters"); ok {
		return patchEntry(&m.RequestParameters, op, name, op.True(), noParameter)
	}
	if contentType, ok := op.Key("requestModels"); ok {
		return patchEntry(&m.RequestModels, op, contentType, apigw.ModelName(op.Text()), noContentType)
	}
	switch op.Path {
	case "/authorizationType":
		return op.replaceText(&m.AuthorizationType)
	case "/authorizerId":
		return op.replaceText((*string)(&m.AuthorizerID))
	case "/apiKeyRequired":
		return op.replaceBool(&m.APIKeyRequired)
	case "/operationName":
		return op.replaceText(&m.OperationName)
	case "/requestValidatorId":
		return op.replaceText((*string)(&m.RequestValidatorID))
	case "/authorizationScopes":
		return patchScopes(m, op)
	}
	return op.ShortPathError()
}

func patchScopes(m *apigw.Method, op PatchOp) error {
	if err := op.only("add", "remove"); err != nil {
		return err
	}
	m.AuthorizationScopes = slices.DeleteFunc(m.AuthorizationScopes, func(s string) bool { return s == op.Text() })
	if op.Op == "add" {
		m.AuthorizationScopes = append(m.AuthorizationScopes, op.Text())
	}
	return nil
}

func patchMethodResponse(ops []PatchOp) func(*apigw.MethodResponse) error {
	return func(r *apigw.MethodResponse) error {
		return applyEach(ops, func(op PatchOp) error {
			if name, ok := op.Key("responseParameters"); ok {
				return patchEntry(&r.ResponseParameters, op, name, op.True(), noParameter)
			}
			if contentType, ok := op.Key("responseModels"); ok {
				return patchEntry(&r.ResponseModels, op, contentType, apigw.ModelName(op.Text()), noContentType)
			}
			return op.ShortPathError()
		})
	}
}
