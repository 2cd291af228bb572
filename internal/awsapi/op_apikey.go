package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) createAPIKey(ctx context.Context, c *Call, in *apigateway.CreateApiKeyRequest) (*apigateway.ApiKey, error) {
	key := apigw.APIKey{
		Name: val(in.Name), Description: val(in.Description), CustomerID: val(in.CustomerId), Enabled: val(in.Enabled),
		Value: val(in.Value), Tags: in.Tags,
	}
	for _, s := range in.StageKeys {
		key.StageKeys = append(key.StageKeys, val(s.RestApiId)+"/"+val(s.StageName))
	}
	k, err := o.c.CreateAPIKey(ctx, c.Scope, key)
	return apiKeyView(k), err
}

func (o rest) getAPIKey(ctx context.Context, c *Call, in *apigateway.GetApiKeyRequest) (*apigateway.ApiKey, error) {
	k, err := o.c.APIKey(ctx, c.Scope, apigw.APIKeyID(in.ApiKey), val(in.IncludeValue))
	return taggedKeyView(k), err
}

func (o rest) getAPIKeys(ctx context.Context, c *Call, in *apigateway.GetApiKeysRequest) (*apigateway.ApiKeys, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, more, err := o.c.APIKeys(ctx, c.Scope, keyFilter(in.NameQuery, in.CustomerId), apigw.APIKeyID(p.After), p.Limit, val(in.IncludeValues))
	if err != nil {
		return nil, err
	}
	return &apigateway.ApiKeys{Items: views(list, apiKeyView), Position: keyPosition(list, more)}, nil
}

// updateAPIKey never shows the value (recorded on AWS).
func (o rest) updateAPIKey(ctx context.Context, c *Call, in *apigateway.UpdateApiKeyRequest) (*apigateway.ApiKey, error) {
	k, err := o.c.UpdateAPIKey(ctx, c.Scope, apigw.APIKeyID(in.ApiKey), patchAPIKey(Patch(in.PatchOperations)))
	return taggedKeyView(k), err
}

func (o rest) deleteAPIKey(ctx context.Context, c *Call, in *apigateway.DeleteApiKeyRequest) error {
	return o.c.DeleteAPIKey(ctx, c.Scope, apigw.APIKeyID(in.ApiKey))
}

func (o rest) importAPIKeys(ctx context.Context, c *Call, in *apigateway.ImportApiKeysRequest) (*apigateway.ApiKeyIds, error) {
	got, err := o.c.ImportAPIKeys(ctx, c.Scope, in.Body, val(in.Format), val(in.FailOnWarnings))
	if err != nil {
		return nil, err
	}
	out := &apigateway.ApiKeyIds{Ids: []string{}, Warnings: omitEmpty(got.Warnings)}
	for _, id := range got.IDs {
		out.Ids = append(out.Ids, string(id))
	}
	return out, nil
}

// apiKeyView is a key as Create and lists show it; its value is there when it
// was asked for.
func apiKeyView(k *apigw.APIKey) *apigateway.ApiKey {
	if k == nil {
		return nil
	}
	out := &apigateway.ApiKey{
		Id: set(k.ID), Value: set(k.Value), Name: set(k.Name), CustomerId: set(k.CustomerID), Description: set(k.Description),
		Enabled: new(k.Enabled), CreatedDate: &k.Created, LastUpdatedDate: &k.Updated, StageKeys: k.StageKeys, Tags: shown(k.Tags),
	}
	if out.StageKeys == nil {
		out.StageKeys = []string{}
	}
	return out
}

func taggedKeyView(k *apigw.APIKey) *apigateway.ApiKey {
	out := apiKeyView(k)
	if out != nil && out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out
}

func patchAPIKey(ops []PatchOp) func(*apigw.APIKey) error {
	return func(k *apigw.APIKey) error {
		return applyEach(ops, func(op PatchOp) error {
			to := map[string]*string{"/description": &k.Description, "/name": &k.Name, "/customerId": &k.CustomerID}[op.Path]
			switch {
			case to == nil && op.Path != "/enabled":
				return op.LongPathError("/description", "/enabled", "/name", "/customerId")
			case op.Op != "replace":
				return op.LongOpError()
			case to == nil:
				k.Enabled = op.True()
			default:
				*to = op.Text()
			}
			return nil
		})
	}
}
