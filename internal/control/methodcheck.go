package control

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// checkMethod checks what a method says of itself and what it refers to, and
// brings it into AWS's form.
func checkMethod(def *apigw.Definition, m *apigw.Method) error {
	if err := checkAuthorization(def, m); err != nil {
		return err
	}
	if m.RequestValidatorID != "" && def.Validators[m.RequestValidatorID] == nil {
		return apigw.Errorf(apigw.BadRequest, "Invalid Request Validator identifier specified")
	}
	if err := checkModels(def, m.RequestModels); err != nil {
		return err
	}
	return checkRequestParameters(m.RequestParameters)
}

func checkAuthorization(def *apigw.Definition, m *apigw.Method) error {
	m.AuthorizationType = strings.ToUpper(m.AuthorizationType) // recorded on AWS: "none" is taken
	switch m.AuthorizationType {
	case "NONE", "AWS_IAM":
		// An authorizer named on such a method is dropped (recorded on AWS).
		m.AuthorizerID = ""
		return nil
	case "CUSTOM", "COGNITO_USER_POOLS":
		a := def.Authorizers[m.AuthorizerID]
		if a == nil || (a.Type == "COGNITO_USER_POOLS") != (m.AuthorizationType == "COGNITO_USER_POOLS") {
			return apigw.Errorf(apigw.BadRequest, "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.")
		}
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS")
}

// checkModels checks that every model named by a content type exists.
func checkModels(def *apigw.Definition, models map[string]apigw.ModelName) error {
	for _, contentType := range slices.Sorted(maps.Keys(models)) {
		if name := models[contentType]; def.Models[name] == nil {
			return apigw.Errorf(apigw.BadRequest, "Invalid model identifier specified: %s", name)
		}
		if err := checkContentType(contentType); err != nil {
			return err
		}
	}
	return nil
}

// checkRequestParameters checks the keys
// method.request.{path|querystring|header}.name.
func checkRequestParameters(parameters map[string]bool) error {
	places := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		place, name, ok := cutParameter(key, "method.request.")
		if !ok || place != "path" && place != "querystring" && place != "header" {
			return invalidMapping(key)
		}
		if other, taken := places[name]; taken && other != place {
			return apigw.Errorf(apigw.BadRequest, "Parameter names must be unique across querystring, header and path")
		}
		places[name] = place
	}
	return nil
}

// cutParameter splits prefix + place + "." + name.
func cutParameter(key, prefix string) (place, name string, ok bool) {
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", "", false
	}
	place, name, ok = strings.Cut(rest, ".")
	return place, name, ok && name != ""
}

func invalidMapping(expression string) *apigw.Error {
	return apigw.Errorf(apigw.BadRequest, "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", expression)
}

func undeclaredParameter(parameter string) *apigw.Error {
	return apigw.Errorf(apigw.BadRequest, "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", parameter)
}

// checkContentType refuses what is no type/subtype; $default is a name that
// models and templates may have.
func checkContentType(t string) error {
	main, sub, ok := strings.Cut(t, "/")
	if t == "$default" || ok && main != "" && sub != "" && !strings.ContainsAny(main, " \t;,") {
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "Validation Result: warnings : [], errors : [Invalid content type specified: %s]", t)
}
