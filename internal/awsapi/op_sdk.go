package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/sdk"
)

func (o rest) getSDKTypes(_ context.Context, _ *Call, in *apigateway.GetSdkTypesRequest) (*apigateway.SdkTypes, error) {
	page, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	// Types are listed in AWS's order, which isn't the order of their ids, so
	// that a position is the place in the list.
	types := sdk.Types()
	rows := make([]sdkTypeRow, len(types))
	for i := range types {
		rows[i] = sdkTypeRow{string(rune('a' + i)), &types[i]}
	}
	rows, position := Paginate(page, rows, func(r sdkTypeRow) string { return r.place })
	out := &apigateway.SdkTypes{Position: position, Items: []*apigateway.SdkType{}}
	for _, r := range rows {
		out.Items = append(out.Items, sdkType(r.Type))
	}
	return out, nil
}

type sdkTypeRow struct {
	place string
	*sdk.Type
}

func (o rest) getSDKType(_ context.Context, _ *Call, in *apigateway.GetSdkTypeRequest) (*apigateway.SdkType, error) {
	t, err := sdk.TypeOf(in.Id)
	if err != nil {
		return nil, err
	}
	return sdkType(t), nil
}

// getSDK answers a zip as GetExport answers a document: as octet-stream.
func (o rest) getSDK(ctx context.Context, c *Call, in *apigateway.GetSdkRequest) (*apigateway.SdkResponse, error) {
	archive, err := o.c.SDK(ctx, c.Scope, apiID(in.RestApiId), apigw.StageName(in.StageName), in.SdkType, in.Parameters)
	if err != nil {
		return nil, err
	}
	return &apigateway.SdkResponse{
		ContentType: new("application/octet-stream"), ContentDisposition: new(`attachment; filename="` + archive.Name + `"`), Body: archive.Zip,
	}, nil
}

func sdkType(t *sdk.Type) *apigateway.SdkType {
	out := &apigateway.SdkType{Id: &t.ID, FriendlyName: &t.Name, Description: &t.Description}
	for _, p := range t.Properties {
		row := &apigateway.SdkConfigurationProperty{Name: new(p.Name), FriendlyName: new(p.FriendlyName), Description: new(p.Description), Required: new(p.Required)}
		if p.Default != "" {
			row.DefaultValue = new(p.Default)
		}
		out.ConfigurationProperties = append(out.ConfigurationProperties, row)
	}
	return out
}
