package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// merge puts a document into the definition. With overwrite, what isn't in
// the document goes; identical paths keep their resource's ID either way
// (recorded on AWS).
func (e *edit) merge(doc *openapi.API, overwrite bool) error {
	m := &merger{e: e, doc: doc, overwrite: overwrite,
		authorizers: map[string]apigw.AuthorizerID{}, validators: map[string]apigw.ValidatorID{}}
	for _, step := range []func() error{
		m.settings, m.mergeValidators, m.mergeAuthorizers, m.mergeModels, m.mergeGatewayResponses, m.mergePaths, m.mergeDocumentation,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if len(m.problems) > 0 {
		return openapi.ImportFailure(m.problems, doc.Warnings)
	}
	e.resolveModelURLs()
	return nil
}

type merger struct {
	e         *edit
	doc       *openapi.API
	overwrite bool
	problems  []string

	authorizers map[string]apigw.AuthorizerID // by name
	validators  map[string]apigw.ValidatorID  // by name
	below       map[apigw.ResourceID][]*apigw.Resource
}

func (m *merger) settings() error {
	doc, api := m.doc, cloneAPI(m.e.def.API)
	keep(&api.Name, doc.Name, false)
	keep(&api.Version, doc.Version, m.overwrite)
	keep(&api.Description, doc.Description, m.overwrite)
	keep(&api.Policy, m.e.ref.expandPolicy(doc.Policy), m.overwrite)
	keep(&api.APIKeySource, doc.APIKeySource, false)
	if m.overwrite && doc.APIKeySource == "" {
		api.APIKeySource = "HEADER"
	}
	keep(&api.SecurityPolicy, doc.SecurityPolicy, false)
	keep(&api.EndpointAccessMode, doc.EndpointAccessMode, false)
	keep(&api.Endpoint.IPAddressType, doc.IPAddressType, false)
	if doc.VPCEndpointIDs != nil {
		api.Endpoint.VPCEndpointIDs = doc.VPCEndpointIDs
	}
	if doc.DisableExecuteAPIEndpoint != nil {
		api.DisableExecuteAPIEndpoint = *doc.DisableExecuteAPIEndpoint
	}
	if doc.MinimumCompressionSize != nil || m.overwrite {
		api.MinimumCompressionSize = doc.MinimumCompressionSize
	}
	if m.overwrite {
		api.BinaryMediaTypes = nil
	}
	for _, t := range doc.BinaryMediaTypes {
		if !slices.Contains(api.BinaryMediaTypes, t) {
			api.BinaryMediaTypes = append(api.BinaryMediaTypes, t)
		}
	}
	if err := m.e.c.checkAPI(api); err != nil {
		return err
	}
	m.e.putAPI(*api)
	return checkEndpoint(api.Endpoint)
}

// keep replaces *old unless the document doesn't say and old is to be kept.
func keep(old *string, v string, overwrite bool) {
	if v != "" || overwrite {
		*old = v
	}
}

func (m *merger) mergeValidators() error {
	for id, v := range m.e.def.Validators {
		m.validators[v.Name] = id
	}
	named := map[string]bool{}
	for _, v := range m.doc.Validators {
		named[v.Name] = true
		id, err := m.idFor(string(m.validators[v.Name]), func(id string) bool { return m.e.def.Validators[apigw.ValidatorID(id)] != nil })
		if err != nil {
			return err
		}
		put := *v
		put.ID = apigw.ValidatorID(id)
		m.validators[v.Name] = put.ID
		m.e.putValidator(&put)
	}
	for id, v := range m.e.def.Validators {
		if m.surplus(v.Name, named) {
			m.e.deleteValidator(id)
		}
	}
	return within("request validators", len(m.e.def.Validators), m.e.c.limits.Validators)
}

func (m *merger) mergeAuthorizers() error {
	for id, a := range m.e.def.Authorizers {
		m.authorizers[a.Name] = id
	}
	named := map[string]bool{}
	for _, a := range m.doc.Authorizers {
		named[a.Name] = true
		id, err := m.idFor(string(m.authorizers[a.Name]), func(id string) bool { return m.e.def.Authorizers[apigw.AuthorizerID(id)] != nil })
		if err != nil {
			return err
		}
		put := *a
		put.ID = apigw.AuthorizerID(id)
		m.authorizers[a.Name] = put.ID
		m.e.putAuthorizer(&put)
	}
	for id, a := range m.e.def.Authorizers {
		if m.surplus(a.Name, named) {
			m.e.deleteAuthorizer(id)
		}
	}
	return within("authorizers", len(m.e.def.Authorizers), m.e.c.limits.Authorizers)
}

func (m *merger) mergeModels() error {
	named := map[string]bool{}
	for _, model := range m.doc.Models {
		named[string(model.Name)] = true
		var old string
		if was := m.e.def.Models[model.Name]; was != nil {
			old = was.ID
		}
		id, err := m.idFor(old, func(string) bool { return false })
		if err != nil {
			return err
		}
		put := *model
		put.ID = id
		m.e.putModel(&put)
	}
	for name := range m.e.def.Models {
		if m.surplus(string(name), named) {
			m.e.deleteModel(name)
		}
	}
	return within("models", len(m.e.def.Models), m.e.c.limits.Models)
}

func (m *merger) mergeGatewayResponses() error {
	named := map[string]bool{}
	for _, r := range m.doc.GatewayResponses {
		named[r.Type] = true
		m.e.putGatewayResponse(r)
	}
	for kind := range m.e.def.GatewayResponses {
		if m.surplus(kind, named) {
			m.e.deleteGatewayResponse(kind)
		}
	}
	return nil
}

// idFor keeps the ID of what had the same name before.
func (m *merger) idFor(old string, taken func(string) bool) (string, error) {
	if old != "" {
		return old, nil
	}
	return m.e.c.freeID(6, taken)
}

// surplus: the document doesn't have what has this name, so it goes.
func (m *merger) surplus(name string, wanted map[string]bool) bool {
	return m.overwrite && !wanted[name]
}

func within(what string, n, most int) error {
	if n > most {
		return apigw.Errorf(apigw.LimitExceeded, "Maximum number of %s for this API has been reached: %d", what, most)
	}
	return nil
}

// mergePaths makes the resources and puts their methods.
func (m *merger) mergePaths() error {
	if m.overwrite {
		m.removeSurplusPaths()
	}
	m.below = m.e.children()
	for _, p := range m.doc.Paths {
		r, err := m.resource(p.Path)
		if err != nil {
			if apigw.KindOf(err) == apigw.Internal {
				return err
			}
			m.problems = append(m.problems, fmt.Sprintf("Unable to create resource at path '%s': %s", p.Path, message(err)))
			continue
		}
		m.methods(r, p)
	}
	return nil
}

func message(err error) string {
	if e, ok := err.(*apigw.Error); ok {
		return e.Message
	}
	return err.Error()
}

// removeSurplusPaths removes the resources that the document doesn't have,
// and the methods of those that stay.
func (m *merger) removeSurplusPaths() {
	wanted := map[string]bool{"/": true}
	for _, p := range m.doc.Paths {
		for i, c := range p.Path + "/" {
			if c == '/' && i > 0 {
				wanted[p.Path[:i]] = true
			}
		}
	}
	for _, r := range m.e.def.Resources {
		switch {
		case !wanted[r.Path]:
			m.e.deleteResource(r.ID)
		case r.Methods != nil:
			bare := cloneResource(r)
			bare.Methods = nil
			m.e.putResource(bare)
		}
	}
}

// resource finds or makes the resource of a path.
func (m *merger) resource(path string) (*apigw.Resource, error) {
	at := m.e.def.Resources[m.e.def.API.RootResourceID]
	if path == "/" {
		return at, nil
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		siblings := m.below[at.ID]
		if i := slices.IndexFunc(siblings, func(r *apigw.Resource) bool { return r.PathPart == part }); i >= 0 {
			at = m.e.def.Resources[siblings[i].ID]
			continue
		}
		if err := checkPathPart(at, part, slices.Values(siblings)); err != nil {
			return nil, err
		}
		made, err := m.e.addResource(at, part)
		if err != nil {
			return nil, err
		}
		m.below[at.ID] = append(siblings, made)
		at = made
	}
	return at, nil
}

// methods puts the document's methods of one path on r.
func (m *merger) methods(r *apigw.Resource, p openapi.Path) {
	if len(p.Methods) == 0 {
		return
	}
	r = cloneResource(r)
	if r.Methods == nil {
		r.Methods = map[apigw.Verb]*apigw.Method{}
	}
	for _, verb := range slices.Sorted(maps.Keys(p.Methods)) {
		method := m.method(p, verb, r)
		if method != nil {
			r.Methods[verb] = method
		}
	}
	m.e.putResource(r)
}

// method is the document's method with IDs for names; nil when it is wrong,
// which is noted.
func (m *merger) method(p openapi.Path, verb apigw.Verb, r *apigw.Resource) *apigw.Method {
	method := cloneMethod(p.Methods[verb])
	method.Verb = verb
	method.AuthorizerID = m.authorizers[string(method.AuthorizerID)]
	method.RequestValidatorID = m.validators[string(method.RequestValidatorID)]
	fail := func(what string, err error) *apigw.Method {
		place := ""
		if at, ok := p.Lines[verb]; ok && at.Line > 0 {
			place = at.String() + ": "
		}
		m.problems = append(m.problems, fmt.Sprintf("%sUnable to put %s resource at path '%s': %s", place, what, p.Path, message(err)))
		return nil
	}
	declarePathVariables(method, p.Path)
	if err := m.completeMethod(method); err != nil {
		return fail(fmt.Sprintf("method '%s' on", verb), err)
	}
	if method.Integration != nil {
		if err := m.completeIntegration(method, r.ID); err != nil {
			return fail(fmt.Sprintf("integration on '%s' for", verb), err)
		}
	}
	return method
}

// declarePathVariables declares the variables of a path as required
// parameters, also those that the document leaves out (recorded on AWS).
func declarePathVariables(method *apigw.Method, path string) {
	for part := range strings.SplitSeq(path, "/") {
		if !isVariable(part) {
			continue
		}
		name := strings.TrimSuffix(strings.Trim(part, "{}"), "+")
		if _, taken := method.RequestParameters["method.request.querystring."+name]; taken {
			continue
		}
		if _, taken := method.RequestParameters["method.request.header."+name]; taken {
			continue
		}
		if method.RequestParameters == nil {
			method.RequestParameters = map[string]bool{}
		}
		method.RequestParameters["method.request.path."+name] = true
	}
}

func (m *merger) completeMethod(method *apigw.Method) error {
	if err := checkVerb(method.Verb); err != nil {
		return err
	}
	if err := checkMethod(m.e.def, method); err != nil {
		return err
	}
	for _, status := range slices.Sorted(maps.Keys(method.Responses)) {
		if err := checkMethodResponse(m.e.def, method.Responses[status]); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) completeIntegration(method *apigw.Method, r apigw.ResourceID) error {
	if err := m.e.c.completeIntegration(method.Integration, method, r); err != nil {
		return err
	}
	for _, status := range slices.Sorted(maps.Keys(method.Integration.Responses)) {
		response := cloneIntegrationResponse(method.Integration.Responses[status])
		method.Integration.Responses[status] = response
		if err := completeIntegrationResponse(method, response); err != nil {
			return err
		}
	}
	return nil
}
