package awsapi

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// applyEach runs one operation after the other; the first refusal ends it.
func applyEach(ops []PatchOp, apply func(PatchOp) error) error {
	for _, op := range ops {
		if err := apply(op); err != nil {
			return err
		}
	}
	return nil
}

// only refuses an operation other than those of a path.
func (p PatchOp) only(ops ...string) error {
	if slices.Contains(ops, p.Op) {
		return nil
	}
	return p.ShortOpError(ops...)
}

// integer reads a whole number.
func (p PatchOp) integer() (int, error) {
	n, err := strconv.Atoi(p.Text())
	if err != nil {
		return 0, apigw.Errorf(apigw.BadRequest, "Invalid value '%s' for path %s: an integer is needed", p.Text(), p.Path)
	}
	return n, nil
}

// oneOf refuses a value that isn't among those of a path.
func (p PatchOp) oneOf(values ...string) (string, error) {
	if slices.Contains(values, p.Text()) {
		return p.Text(), nil
	}
	return "", apigw.Errorf(apigw.BadRequest, "Invalid value '%s' for path %s. Must be one of: [%s]", p.Text(), p.Path, strings.Join(values, ", "))
}

// replaceText makes *to the value; absent or empty clears it.
func (p PatchOp) replaceText(to *string) error {
	err := p.only("replace")
	if err == nil {
		*to = p.Text()
	}
	return err
}

func (p PatchOp) replaceBool(to *bool) error {
	err := p.only("replace")
	if err == nil {
		*to = p.True()
	}
	return err
}

// restAPIPatch is an API while operations change it. The endpoint's types
// are a list until the last is done.
type restAPIPatch struct {
	api   *apigw.RestAPI
	types []string
}

func patchRestAPI(ops []PatchOp) func(*apigw.RestAPI) error {
	return func(api *apigw.RestAPI) error {
		p := &restAPIPatch{api: api, types: []string{api.Endpoint.Type}}
		if err := applyEach(ops, p.apply); err != nil {
			return err
		}
		switch len(p.types) {
		case 0:
			return apigw.Errorf(apigw.BadRequest, "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
		case 1:
			api.Endpoint.Type = p.types[0]
			return nil
		}
		return apigw.Errorf(apigw.BadRequest, "Cannot create an api with multiple Endpoint Types.")
	}
}

func (p *restAPIPatch) apply(op PatchOp) error {
	api := p.api
	if mediaType, ok := op.Key("binaryMediaTypes"); ok {
		return p.binaryMediaType(op, mediaType)
	}
	if len(op.Segments) > 1 && op.Segments[0] == "endpointConfiguration" {
		return p.endpoint(op)
	}
	switch op.Path {
	case "/name":
		return op.replaceText(&api.Name)
	case "/description":
		if err := op.only("add", "remove", "replace"); err != nil {
			return err
		}
		api.Description = op.Text()
		if op.Op == "remove" {
			api.Description = ""
		}
		return nil
	case "/policy":
		return op.replaceText(&api.Policy)
	case "/apiKeySource":
		if err := op.only("replace"); err != nil {
			return err
		}
		source, err := op.oneOf("HEADER", "AUTHORIZER")
		api.APIKeySource = source
		return err
	case "/disableExecuteApiEndpoint":
		return op.replaceBool(&api.DisableExecuteAPIEndpoint)
	case "/endpointAccessMode":
		return op.replaceText(&api.EndpointAccessMode)
	case "/securityPolicy":
		return op.replaceText(&api.SecurityPolicy)
	case "/minimumCompressionSize":
		return p.compression(op)
	}
	return op.ShortPathError()
}

// compression is switched off by null, absent and empty values (recorded on
// AWS).
func (p *restAPIPatch) compression(op PatchOp) error {
	if err := op.only("replace"); err != nil {
		return err
	}
	if op.Text() == "" {
		p.api.MinimumCompressionSize = nil
		return nil
	}
	n, err := op.integer()
	p.api.MinimumCompressionSize = &n
	return err
}

// binaryMediaType: the path carries the type; a replaced one goes to the end
// (recorded on AWS).
func (p *restAPIPatch) binaryMediaType(op PatchOp, t string) error {
	if err := op.only("add", "remove", "replace"); err != nil {
		return err
	}
	if op.Op != "add" {
		p.api.BinaryMediaTypes = slices.DeleteFunc(p.api.BinaryMediaTypes, func(old string) bool { return old == t })
	}
	if op.Op == "replace" {
		t = op.Text()
	}
	if op.Op != "remove" && t != "" && !slices.Contains(p.api.BinaryMediaTypes, t) {
		p.api.BinaryMediaTypes = append(p.api.BinaryMediaTypes, t)
	}
	return nil
}

func (p *restAPIPatch) endpoint(op PatchOp) error {
	e := &p.api.Endpoint
	switch {
	case op.Segments[1] == "types" && len(op.Segments) == 3:
		return p.endpointType(op, op.Segments[2])
	case op.Path == "/endpointConfiguration/ipAddressType":
		if err := op.only("replace"); err != nil {
			return err
		}
		if v := op.Text(); v != "ipv4" && v != "dualstack" {
			return apigw.Errorf(apigw.BadRequest, "ipAddressType must be either ipv4 or dualstack.")
		}
		e.IPAddressType = op.Text()
		return nil
	case op.Path == "/endpointConfiguration/vpcEndpointIds":
		if err := op.only("add", "remove"); err != nil {
			return err
		}
		e.VPCEndpointIDs = slices.DeleteFunc(e.VPCEndpointIDs, func(id string) bool { return id == op.Text() })
		if op.Op == "add" {
			e.VPCEndpointIDs = append(e.VPCEndpointIDs, op.Text())
		}
		return nil
	}
	return op.ShortPathError()
}

// endpointType: a private API is dualstack from the moment it is one (recorded
// on AWS), and IPv4 from when it is none (developer guide, "Change a public or
// private API endpoint type").
func (p *restAPIPatch) endpointType(op PatchOp, at string) error {
	value := op.Text()
	switch op.Op {
	case "replace":
		p.types = nil
	case "add":
		if value == "" {
			value = at
		}
	case "remove":
		p.types = slices.DeleteFunc(p.types, func(t string) bool { return t == at || at == "0" })
		return nil
	default:
		return apigw.Errorf(apigw.BadRequest, "Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	}
	if value != "REGIONAL" && value != "EDGE" && value != "PRIVATE" {
		return apigw.Errorf(apigw.BadRequest, "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
	}
	if !slices.Contains(p.types, value) {
		p.types = append(p.types, value)
	}
	switch {
	case value == apigw.EndpointPrivate:
		p.api.Endpoint.IPAddressType = "dualstack"
	case p.api.Endpoint.Type == apigw.EndpointPrivate:
		p.api.Endpoint.IPAddressType = "ipv4"
	}
	return nil
}

func patchResource(ops []PatchOp) func(*control.ResourceChange) error {
	return func(r *control.ResourceChange) error {
		return applyEach(ops, func(op PatchOp) error {
			if op.Path != "/pathPart" && op.Path != "/parentId" {
				return op.LongPathError("/parentId", "/pathPart")
			}
			if op.Op != "replace" {
				return op.LongOpError()
			}
			if op.Path == "/pathPart" {
				r.PathPart = new(op.Text())
			} else {
				r.ParentID = new(apigw.ResourceID(op.Text()))
			}
			return nil
		})
	}
}

func patchDeployment(ops []PatchOp) func(*apigw.Deployment) error {
	return func(d *apigw.Deployment) error { return patchText(ops, "/description", &d.Description) }
}
