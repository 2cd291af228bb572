package awsapi

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o functions) publishVersion(ctx context.Context, c *Call, in *lambdaapi.PublishVersionRequest) (*lambdaapi.FunctionConfiguration, error) {
	n, err := o.ownWhole(c, in.FunctionName)
	if err == nil {
		err = refuseSettings(setting{"PublishTo", in.PublishTo != nil})
	}
	if err != nil {
		return nil, err
	}
	f, v, err := o.store.PublishVersion(ctx, c.Scope, n.Name, in.Description, val(in.CodeSha256), val(in.RevisionId))
	if err != nil {
		return nil, err
	}
	return versionView(c, f, v, v.Version), nil
}

func (o functions) listVersions(ctx context.Context, c *Call, in *lambdaapi.ListVersionsByFunctionRequest) (*lambdaapi.ListVersionsByFunctionResponse, error) {
	n, err := whole(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	list := []*lambdaapi.FunctionConfiguration{}
	if f, ok := o.host.FindConfigured(arnOf(n)); ok {
		f.Name.Qualifier = apigw.LatestVersion
		list = append(list, configuredView(f))
	} else {
		f, err := o.store.Function(ctx, c.Scope, n.Name)
		if err != nil {
			return nil, err
		}
		for _, v := range f.Versions {
			list = append(list, versionView(c, f, v, v.Version))
		}
	}
	page, next, err := functionPage(in.Marker, in.MaxItems, list, func(v *lambdaapi.FunctionConfiguration) string {
		number, err := strconv.Atoi(*v.Version)
		if err != nil {
			number = 0 // $LATEST comes first
		}
		return fmt.Sprintf("%0*d", len(strconv.Itoa(math.MaxInt32)), number)
	})
	return &lambdaapi.ListVersionsByFunctionResponse{Versions: page, NextMarker: next}, err
}

func aliasView(c *Call, function string, a *apigw.FunctionAlias) *lambdaapi.AliasConfiguration {
	v := &lambdaapi.AliasConfiguration{
		AliasArn: new(control.FunctionARN(c.Scope, function, a.Name)), Name: &a.Name, FunctionVersion: &a.Version,
		Description: &a.Description, RevisionId: &a.Revision,
	}
	if a.Second != "" {
		v.RoutingConfig = &lambdaapi.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{a.Second: a.Weight}}
	}
	return v
}

// share gives an alias the second version that a call carries; nil keeps what
// it is, an empty one removes it.
func share(a *apigw.FunctionAlias, r *lambdaapi.AliasRoutingConfiguration) error {
	if r == nil {
		return nil
	}
	if len(r.AdditionalVersionWeights) > 1 {
		return apigw.Errorf(apigw.BadRequest, "Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	a.Second, a.Weight = "", 0
	for version, weight := range r.AdditionalVersionWeights {
		a.Second, a.Weight = version, weight
	}
	return nil
}

func (o functions) createAlias(ctx context.Context, c *Call, in *lambdaapi.CreateAliasRequest) (*lambdaapi.AliasConfiguration, error) {
	n, err := o.ownWhole(c, in.FunctionName)
	if err == nil {
		err = refuseSettings(setting{"$LATEST.PUBLISHED", val(in.FunctionVersion) == "$LATEST.PUBLISHED"})
	}
	if err != nil {
		return nil, err
	}
	made := apigw.FunctionAlias{Name: val(in.Name), Version: val(in.FunctionVersion), Description: val(in.Description)}
	if err := share(&made, in.RoutingConfig); err != nil {
		return nil, err
	}
	a, err := o.store.CreateAlias(ctx, c.Scope, n.Name, made)
	if err != nil {
		return nil, err
	}
	return aliasView(c, n.Name, a), nil
}

func (o functions) getAlias(ctx context.Context, c *Call, in *lambdaapi.GetAliasRequest) (*lambdaapi.AliasConfiguration, error) {
	n, err := o.ownWhole(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	f, err := o.store.Function(ctx, c.Scope, n.Name)
	if err != nil {
		return nil, err
	}
	a := f.Alias(in.Name)
	if a == nil {
		return nil, apigw.Errorf(apigw.NotFound, "Cannot find alias arn: %s", control.FunctionARN(c.Scope, n.Name, in.Name))
	}
	return aliasView(c, n.Name, a), nil
}

func (o functions) updateAlias(ctx context.Context, c *Call, in *lambdaapi.UpdateAliasRequest) (*lambdaapi.AliasConfiguration, error) {
	n, err := o.ownWhole(c, in.FunctionName)
	if err == nil {
		err = refuseSettings(setting{"$LATEST.PUBLISHED", val(in.FunctionVersion) == "$LATEST.PUBLISHED"})
	}
	if err != nil {
		return nil, err
	}
	a, err := o.store.UpdateAlias(ctx, c.Scope, n.Name, in.Name, val(in.RevisionId), func(a *apigw.FunctionAlias) error {
		if in.FunctionVersion != nil {
			a.Version = *in.FunctionVersion
		}
		if in.Description != nil {
			a.Description = *in.Description
		}
		return share(a, in.RoutingConfig)
	})
	if err != nil {
		return nil, err
	}
	return aliasView(c, n.Name, a), nil
}

func (o functions) deleteAlias(ctx context.Context, c *Call, in *lambdaapi.DeleteAliasRequest) error {
	n, err := o.ownWhole(c, in.FunctionName)
	if err != nil {
		return err
	}
	return o.store.DeleteAlias(ctx, c.Scope, n.Name, in.Name)
}

func (o functions) listAliases(ctx context.Context, c *Call, in *lambdaapi.ListAliasesRequest) (*lambdaapi.ListAliasesResponse, error) {
	n, err := whole(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	list := []*lambdaapi.AliasConfiguration{}
	if _, ok := o.host.FindConfigured(arnOf(n)); !ok {
		f, err := o.store.Function(ctx, c.Scope, n.Name)
		if err != nil {
			return nil, err
		}
		for _, a := range f.Aliases {
			if in.FunctionVersion == nil || *in.FunctionVersion == a.Version || *in.FunctionVersion == a.Second {
				list = append(list, aliasView(c, n.Name, a))
			}
		}
	}
	page, next, err := functionPage(in.Marker, in.MaxItems, list, func(a *lambdaapi.AliasConfiguration) string { return *a.Name })
	return &lambdaapi.ListAliasesResponse{Aliases: page, NextMarker: next}, err
}
