package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) generateClientCertificate(ctx context.Context, c *Call, in *apigateway.GenerateClientCertificateRequest) (*apigateway.ClientCertificate, error) {
	made, err := o.c.GenerateClientCertificate(ctx, c.Scope, val(in.Description), in.Tags)
	return certificateView(made), err
}

func (o rest) getClientCertificate(ctx context.Context, c *Call, in *apigateway.GetClientCertificateRequest) (*apigateway.ClientCertificate, error) {
	cert, err := o.c.ClientCertificate(ctx, c.Scope, in.ClientCertificateId)
	return certificateView(cert), err
}

func (o rest) getClientCertificates(ctx context.Context, c *Call, in *apigateway.GetClientCertificatesRequest) (*apigateway.ClientCertificates, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.ClientCertificates(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(cert *apigw.ClientCertificate) string { return cert.ID })
	return &apigateway.ClientCertificates{Items: views(list, certificateView), Position: next}, nil
}

func (o rest) updateClientCertificate(ctx context.Context, c *Call, in *apigateway.UpdateClientCertificateRequest) (*apigateway.ClientCertificate, error) {
	cert, err := o.c.UpdateClientCertificate(ctx, c.Scope, in.ClientCertificateId, func(cert *apigw.ClientCertificate) error {
		return applyEach(Patch(in.PatchOperations), func(op PatchOp) error {
			switch {
			case op.Path != "/description":
				return op.LongPathError("/description")
			case op.Op != "replace":
				return op.LongOpError()
			}
			cert.Description = op.Text()
			return nil
		})
	})
	return certificateView(cert), err
}

func (o rest) deleteClientCertificate(ctx context.Context, c *Call, in *apigateway.DeleteClientCertificateRequest) error {
	return o.c.DeleteClientCertificate(ctx, c.Scope, in.ClientCertificateId)
}

func certificateView(cert *apigw.ClientCertificate) *apigateway.ClientCertificate {
	if cert == nil {
		return nil
	}
	return &apigateway.ClientCertificate{
		ClientCertificateId: set(cert.ID), Description: set(cert.Description), PemEncodedCertificate: set(cert.PEM),
		CreatedDate: &cert.Created, ExpirationDate: &cert.Expires, Tags: shown(cert.Tags),
	}
}
