package awsapi

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/acm"
	"github.com/gatehouse/gatehouse/internal/control"
)

// certificates serves AWS Certificate Manager.
type certificates struct{ c *control.Control }

// NewCertificateOperations is what is served of ACM: certificates that custom
// domain names show.
func NewCertificateOperations(c *control.Control) CertificateOperations {
	o := certificates{c}
	return CertificateOperations{
		RequestCertificate: o.request, ImportCertificate: o.importCertificate, DescribeCertificate: o.describe, GetCertificate: o.get,
		ListCertificates: o.list, DeleteCertificate: o.delete, ExportCertificate: o.export, RenewCertificate: o.renew,
		AddTagsToCertificate: o.addTags, RemoveTagsFromCertificate: o.removeTags, ListTagsForCertificate: o.tags,
	}
}

// certificateStatusOf is how ACM answers an error of a kind.
func certificateStatusOf(k apigw.Kind) (status int, code string) {
	switch k {
	case apigw.BadRequest:
		return http.StatusBadRequest, "InvalidParameterException"
	case apigw.Validation:
		return http.StatusBadRequest, "ValidationException"
	case apigw.NotFound:
		return http.StatusBadRequest, "ResourceNotFoundException"
	case apigw.Conflict:
		return http.StatusBadRequest, "ResourceInUseException"
	case apigw.LimitExceeded:
		return http.StatusBadRequest, "LimitExceededException"
	case apigw.Throttled:
		return http.StatusBadRequest, "ThrottlingException"
	}
	return statusOf(k)
}

// nameCertificate notes the certificate that a call names, which is what a policy
// must allow it on; "*" for one that names none. A member in another spelling
// would be found here, too: the operation refuses it.
func nameCertificate(c *Call, body []byte) {
	var in struct{ CertificateArn string }
	if err := json.Unmarshal(body, &in); err == nil && control.IsCertificateARN(apigw.ARN(in.CertificateArn)) {
		c.Resource = apigw.ARN(in.CertificateArn)
	}
}

// certificateARN refuses what is no certificate's ARN.
func certificateARN(text *string) (apigw.ARN, error) {
	arn := apigw.ARN(val(text))
	if !control.IsCertificateARN(arn) {
		return "", &refusal{status: http.StatusBadRequest, code: "InvalidArnException", message: "Invalid Arn: " + clipped(string(arn))}
	}
	return arn, nil
}

func (o certificates) request(ctx context.Context, c *Call, in *acm.RequestCertificateRequest) (*acm.RequestCertificateResponse, error) {
	if err := refuseRequest(in); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	r := control.CertificateRequest{
		Names: append([]string{*in.DomainName}, in.SubjectAlternativeNames...), KeyAlgorithm: val(in.KeyAlgorithm),
		Validation: val(in.ValidationMethod), Transparency: "ENABLED", Token: val(in.IdempotencyToken), Tags: tags,
	}
	if r.Validation == "" {
		r.Validation = "EMAIL" // ACM API reference, RequestCertificate
	}
	if in.Options != nil && val(in.Options.CertificateTransparencyLoggingPreference) != "" {
		r.Transparency = *in.Options.CertificateTransparencyLoggingPreference
	}
	arn, err := o.c.RequestServerCertificate(ctx, c.Scope, r)
	if err != nil {
		return nil, err
	}
	return &acm.RequestCertificateResponse{CertificateArn: set(arn)}, nil
}

// refuseRequest names what a request carries and nothing here does.
func refuseRequest(in *acm.RequestCertificateRequest) error {
	switch {
	case in.CertificateAuthorityArn != nil:
		return apigw.Errorf(apigw.Validation, "CertificateAuthorityArn: there is no private certificate authority here. Import a certificate that yours has issued")
	case in.ManagedBy != nil:
		return apigw.Errorf(apigw.Validation, "ManagedBy: no other service manages certificates here")
	case in.Options != nil && val(in.Options.Export) == "ENABLED":
		return apigw.Errorf(apigw.Validation, "Options.Export: private keys don't leave Gatehouse. Import a certificate whose key you have")
	case val(in.ValidationMethod) == "HTTP":
		return apigw.Errorf(apigw.Validation, "ValidationMethod HTTP is for certificates that CloudFront manages")
	}
	for _, option := range in.DomainValidationOptions {
		if name, by := strings.ToLower(*option.DomainName), strings.ToLower(*option.ValidationDomain); name != by && !strings.HasSuffix(name, "."+by) {
			return &refusal{status: http.StatusBadRequest, code: "InvalidDomainValidationOptionsException",
				message: "The validation domain " + clipped(by) + " must be " + clipped(name) + " or a parent of it"}
		}
	}
	return nil
}

func (o certificates) importCertificate(ctx context.Context, c *Call, in *acm.ImportCertificateRequest) (*acm.ImportCertificateResponse, error) {
	i := control.CertificateImport{Certificate: in.Certificate, Key: in.PrivateKey, Chain: in.CertificateChain}
	var err error
	if in.CertificateArn != nil {
		if i.ARN, err = certificateARN(in.CertificateArn); err != nil {
			return nil, err
		}
	}
	if i.Tags, err = tagMap(in.Tags); err != nil {
		return nil, err
	}
	arn, err := o.c.ImportServerCertificate(ctx, c.Scope, i)
	if err != nil {
		return nil, err
	}
	return &acm.ImportCertificateResponse{CertificateArn: set(arn)}, nil
}

// found is the certificate that a call names.
func (o certificates) found(ctx context.Context, c *Call, text *string) (*apigw.ServerCertificate, apigw.ARN, error) {
	arn, err := certificateARN(text)
	if err != nil {
		return nil, "", err
	}
	cert, err := o.c.ServerCertificate(ctx, c.Scope, arn)
	return cert, arn, err
}

func (o certificates) describe(ctx context.Context, c *Call, in *acm.DescribeCertificateRequest) (*acm.DescribeCertificateResponse, error) {
	cert, arn, err := o.found(ctx, c, in.CertificateArn)
	if err != nil {
		return nil, err
	}
	detail, err := certificateDetail(cert, arn, c.Time)
	if err != nil {
		return nil, err
	}
	return &acm.DescribeCertificateResponse{Certificate: detail}, nil
}

// get has the certificate's PEM without the line feed at its end, as AWS does.
func (o certificates) get(ctx context.Context, c *Call, in *acm.GetCertificateRequest) (*acm.GetCertificateResponse, error) {
	cert, _, err := o.found(ctx, c, in.CertificateArn)
	if err != nil {
		return nil, err
	}
	return &acm.GetCertificateResponse{Certificate: set(strings.TrimSpace(cert.PEM)), CertificateChain: set(strings.TrimSpace(cert.Chain))}, nil
}

func (o certificates) delete(ctx context.Context, c *Call, in *acm.DeleteCertificateRequest) error {
	arn, err := certificateARN(in.CertificateArn)
	if err != nil {
		return err
	}
	return o.c.DeleteServerCertificate(ctx, c.Scope, arn)
}

// export: ACM exports private keys of certificates of a private authority, and
// of public ones that were requested for it. Neither is here.
func (o certificates) export(ctx context.Context, c *Call, in *acm.ExportCertificateRequest) (*acm.ExportCertificateResponse, error) {
	_, arn, err := o.found(ctx, c, in.CertificateArn)
	if err != nil {
		return nil, err
	}
	return nil, apigw.Errorf(apigw.Validation, "Certificate ARN: %s is not a private certificate", arn)
}

// renew: ACM renews exported certificates by this call, and all others by itself.
func (o certificates) renew(ctx context.Context, c *Call, in *acm.RenewCertificateRequest) error {
	_, arn, err := o.found(ctx, c, in.CertificateArn)
	if err != nil {
		return err
	}
	return apigw.Errorf(apigw.Validation, "Certificate %s is not eligible for renewal by this call: only exported certificates are. One that was requested is renewed by itself, and one that was imported by importing another one to its ARN", arn)
}

func (o certificates) addTags(ctx context.Context, c *Call, in *acm.AddTagsToCertificateRequest) error {
	arn, err := certificateARN(in.CertificateArn)
	if err != nil {
		return err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return err
	}
	return o.c.TagServerCertificate(ctx, c.Scope, arn, func(have map[string]string) { maps.Copy(have, tags) })
}

// removeTags takes a tag away; one that is given with a value, only with that
// (ACM API reference, RemoveTagsFromCertificate).
func (o certificates) removeTags(ctx context.Context, c *Call, in *acm.RemoveTagsFromCertificateRequest) error {
	arn, err := certificateARN(in.CertificateArn)
	if err != nil {
		return err
	}
	return o.c.TagServerCertificate(ctx, c.Scope, arn, func(have map[string]string) {
		for _, t := range in.Tags {
			if t.Value == nil || have[*t.Key] == *t.Value {
				delete(have, *t.Key)
			}
		}
	})
}

func (o certificates) tags(ctx context.Context, c *Call, in *acm.ListTagsForCertificateRequest) (*acm.ListTagsForCertificateResponse, error) {
	cert, _, err := o.found(ctx, c, in.CertificateArn)
	if err != nil {
		return nil, err
	}
	out := &acm.ListTagsForCertificateResponse{Tags: []*acm.Tag{}}
	for _, key := range sortedKeys(cert.Tags) {
		out.Tags = append(out.Tags, &acm.Tag{Key: new(key), Value: new(cert.Tags[key])})
	}
	return out, nil
}

// tagMap reads a list of tags.
func tagMap(list []*acm.Tag) (map[string]string, error) {
	if len(list) > 50 {
		return nil, &refusal{status: http.StatusBadRequest, code: "TooManyTagsException", message: "A certificate has at most 50 tags"}
	}
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[*t.Key]; twice || strings.HasPrefix(*t.Key, "aws:") {
			return nil, &refusal{status: http.StatusBadRequest, code: "InvalidTagException", message: "Tag keys are given once each and don't begin with aws:, unlike " + clipped(*t.Key)}
		}
		tags[*t.Key] = val(t.Value)
	}
	return tags, nil
}
