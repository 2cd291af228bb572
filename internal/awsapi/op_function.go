package awsapi

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// FunctionHost runs functions and knows those of the configuration.
type FunctionHost interface {
	lambda.Invoker
	lambda.Streamer
	Configured() []lambda.Configured
	FindConfigured(identifier string) (lambda.Configured, bool)
	IsStored(identifier string) bool
}

// functions are the operations of Lambda's API.
type functions struct {
	host  FunctionHost
	store *control.Functions
}

// NewFunctionOperations returns the operations of Lambda's API that are
// served; the others are answered 501. Host runs what store keeps, beside the
// functions of the configuration.
func NewFunctionOperations(host FunctionHost, store *control.Functions) FunctionOperations {
	o := functions{host, store}
	return FunctionOperations{
		Invoke:                   o.invoke,
		InvokeWithResponseStream: o.invokeStreaming,

		CreateFunction:              o.createFunction,
		GetFunction:                 o.getFunction,
		GetFunctionConfiguration:    o.getFunctionConfiguration,
		ListFunctions:               o.listFunctions,
		UpdateFunctionCode:          o.updateFunctionCode,
		UpdateFunctionConfiguration: o.updateFunctionConfiguration,
		DeleteFunction:              o.deleteFunction,

		PublishVersion:         o.publishVersion,
		ListVersionsByFunction: o.listVersions,
		CreateAlias:            o.createAlias,
		GetAlias:               o.getAlias,
		UpdateAlias:            o.updateAlias,
		DeleteAlias:            o.deleteAlias,
		ListAliases:            o.listAliases,

		AddPermission:    o.addPermission,
		RemovePermission: o.removePermission,
		GetPolicy:        o.getPolicy,
		TagResource:      o.tagResource,
		UntagResource:    o.untagResource,
		ListTags:         o.listTags,
	}
}

// nameOf is the complete name that a call means by an identifier and a
// qualifier. Functions of other accounts and regions are out of its reach.
func nameOf(c *Call, identifier string, qualifier *string) (lambda.Name, error) {
	n, err := lambda.ParseName(identifier)
	if err != nil {
		return n, apigw.Errorf(apigw.Validation, "1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: a function's name or ARN", identifier)
	}
	if q := val(qualifier); q != "" {
		if n.Qualifier != "" && n.Qualifier != q {
			return n, apigw.Errorf(apigw.BadRequest, "The derived qualifier from the function name does not match the specified qualifier.")
		}
		n.Qualifier = q
	}
	s := c.Scope
	if n.Region != "" && n.Region != s.Region {
		return n, apigw.Errorf(apigw.NotFound, "Functions from '%s' are not reachable in this region ('%s')", n.Region, s.Region)
	}
	if n.Account != "" && n.Account != s.Account || n.Partition != "" && n.Partition != s.Partition {
		return n, denied("User: " + string(c.Caller.ARN) + " is not authorized to perform: " + c.Action + " on resource: " + string(c.Resource) + " because no resource-based policy allows the " + c.Action + " action")
	}
	n.Partition, n.Region, n.Account = s.Partition, s.Region, s.Account
	return n, nil
}

func arnOf(n lambda.Name) string { return n.ARN(&lambda.Config{}) }

func unknownFunction(n lambda.Name) error {
	return apigw.Errorf(apigw.NotFound, "Function not found: %s", arnOf(n))
}

func (o functions) getFunction(ctx context.Context, c *Call, in *lambdaapi.GetFunctionRequest) (*lambdaapi.GetFunctionResponse, error) {
	configuration, tags, err := o.configuration(ctx, c, in.FunctionName, in.Qualifier)
	return &lambdaapi.GetFunctionResponse{Configuration: configuration, Tags: shown(tags)}, err
}

func (o functions) getFunctionConfiguration(ctx context.Context, c *Call, in *lambdaapi.GetFunctionConfigurationRequest) (*lambdaapi.FunctionConfiguration, error) {
	configuration, _, err := o.configuration(ctx, c, in.FunctionName, in.Qualifier)
	return configuration, err
}

func (o functions) configuration(ctx context.Context, c *Call, identifier string, qualifier *string) (*lambdaapi.FunctionConfiguration, map[string]string, error) {
	n, err := nameOf(c, identifier, qualifier)
	if err != nil {
		return nil, nil, err
	}
	if f, ok := o.host.FindConfigured(arnOf(n)); ok {
		f.Name.Qualifier = n.Qualifier
		return configuredView(f), nil, nil
	}
	f, err := o.store.Function(ctx, c.Scope, n.Name)
	if err != nil {
		return nil, nil, err
	}
	v := f.FindVersion(n.Qualifier)
	if v == nil {
		return nil, nil, unknownFunction(n)
	}
	return versionView(c, f, v, n.Qualifier), f.Tags, nil
}

func (o functions) listFunctions(ctx context.Context, c *Call, in *lambdaapi.ListFunctionsRequest) (*lambdaapi.ListFunctionsResponse, error) {
	if in.MasterRegion != nil {
		return nil, apigw.Errorf(apigw.NotSupported, "Gatehouse doesn't replicate functions (MasterRegion)")
	}
	list := []*lambdaapi.FunctionConfiguration{}
	for _, f := range o.host.Configured() {
		if f.Name.Account == c.Scope.Account && f.Name.Region == c.Scope.Region && f.Name.Partition == c.Scope.Partition {
			list = append(list, configuredView(f))
		}
	}
	stored, err := o.store.Functions(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	for _, f := range stored {
		if _, hidden := o.host.FindConfigured(control.FunctionARN(c.Scope, f.Name, "")); hidden {
			continue
		}
		if val(in.FunctionVersion) != "ALL" {
			list = append(list, versionView(c, f, f.Versions[0], ""))
			continue
		}
		for _, v := range f.Versions {
			list = append(list, versionView(c, f, v, v.Version))
		}
	}
	arn := func(f *lambdaapi.FunctionConfiguration) string { return *f.FunctionArn }
	slices.SortFunc(list, func(a, b *lambdaapi.FunctionConfiguration) int { return cmp.Compare(arn(a), arn(b)) })
	page, next, err := functionPage(in.Marker, in.MaxItems, list, arn)
	return &lambdaapi.ListFunctionsResponse{Functions: page, NextMarker: next}, err
}

// maxFunctionPage is the most that a list of Lambda's answers at once.
const maxFunctionPage = 50

// functionPage cuts rows, sorted by key, down to what Marker and MaxItems ask
// for.
func functionPage[T any](marker *string, limit *int, rows []T, key func(T) string) ([]T, *string, error) {
	p := Page{Limit: maxFunctionPage}
	if limit != nil {
		if *limit < 1 || *limit > 10000 {
			return nil, nil, apigw.Errorf(apigw.Validation, "1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000", *limit)
		}
		p.Limit = min(*limit, maxFunctionPage)
	}
	if m := val(marker); m != "" {
		text, err := base64.StdEncoding.DecodeString(m)
		if err != nil || len(text) == 0 {
			return nil, nil, apigw.Errorf(apigw.BadRequest, "Invalid marker: %s", m)
		}
		p.After = string(text)
	}
	page, next := Paginate(p, rows, key)
	if next != nil {
		next = new(base64.StdEncoding.EncodeToString([]byte(key(page[len(page)-1]))))
	}
	return page, next, nil
}

// configuredView shows a function of the configuration. It has no role, no
// hash and no date.
func configuredView(f lambda.Configured) *lambdaapi.FunctionConfiguration {
	version := cmp.Or(f.Name.Qualifier, apigw.LatestVersion)
	if _, err := strconv.Atoi(version); err != nil {
		version = apigw.LatestVersion // an alias: all of them are the same code
	}
	v := &lambdaapi.FunctionConfiguration{
		FunctionName: &f.Name.Name, FunctionArn: new(arnOf(f.Name)), Version: &version,
		Runtime: set(f.Function.Runtime), Handler: set(f.Function.Handler), Description: new(""),
		PackageType: new("Zip"), State: new("Active"), LastUpdateStatus: new("Successful"),
	}
	if f.Function.Endpoint != "" {
		v.Description = new("at an endpoint of its own")
		return v
	}
	v.Timeout, v.MemorySize = new(int(f.Function.Timeout.Seconds())), new(f.Function.Memory)
	if len(f.Function.Environment) > 0 {
		v.Environment = &lambdaapi.EnvironmentResponse{Variables: f.Function.Environment}
	}
	return v
}
