package awsapi

import (
	"maps"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Updates of version 2 are merged: a member that isn't sent stays, an empty
// text takes it back, and maps of parameters and variables are merged entry by entry
// (API Gateway V2 reference, each Update; Terraform's AWS provider relies on it).

// put sets what was sent.
func put[T any](to, sent *T) {
	if sent != nil {
		*to = *sent
	}
}

// putText sets what was sent; an empty text takes back what was there.
func putText[S ~string](to *S, sent *string) {
	if sent != nil {
		*to = S(*sent)
	}
}

// putList sets a list that was sent, in whole; [] takes it back.
func putList(to *[]string, sent []string) {
	if sent != nil {
		*to = sent
	}
}

// putMap sets a map that was sent, in whole: templates, which may be empty, and
// models, which Terraform's AWS provider sends so. {} takes all of it back.
func putMap(to *map[string]string, sent map[string]string) {
	if sent != nil {
		*to = shown(sent)
	}
}

// merged is a copy of a map with the entries that were sent; an empty text
// takes an entry out.
func merged[K comparable](have map[K]string, sent map[K]string) map[K]string {
	if len(sent) == 0 {
		return have
	}
	out := maps.Clone(have)
	if out == nil {
		out = map[K]string{}
	}
	for name, value := range sent {
		if value == "" {
			delete(out, name)
		} else {
			out[name] = value
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// routeTarget reads "integrations/{id}"; an empty text is no target.
func routeTarget(to *apigw.RouteIntegrationID, sent *string) error {
	if sent == nil {
		return nil
	}
	id, ok := strings.CutPrefix(*sent, "integrations/")
	if *sent != "" && (!ok || id == "") {
		return apigw.Errorf(apigw.BadRequest, "Invalid target specified: %s. A route's target is integrations/{integrationId}", *sent)
	}
	*to = apigw.RouteIntegrationID(id)
	return nil
}
