package awsapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/identity"
)

// client is AWS's own client, which signs with the key, pointed at h.
func client(t *testing.T, h http.Handler, key, secret string) *sdk.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return sdk.New(sdk.Options{
		BaseEndpoint: aws.String(server.URL), Region: "eu-central-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, nil
		}),
	})
}

func TestSDK(t *testing.T) {
	f, ctx := new(fake), context.Background()
	c := client(t, newServer(t, f, nil).Loopback(), "test", "test")

	made, err := c.CreateRestApi(ctx, &sdk.CreateRestApiInput{Name: aws.String("ü \"<"), Tags: map[string]string{"a b": "c/d"}})
	if err != nil {
		t.Fatal(err)
	}
	if *made.Name != "ü \"<" || made.Tags["a b"] != "c/d" || made.CreatedDate.Unix() != 1700000000 || made.EndpointConfiguration.Types[0] != types.EndpointTypeEdge {
		t.Errorf("%+v", made)
	}
	if _, err := c.ImportRestApi(ctx, &sdk.ImportRestApiInput{Body: []byte("openapi"), FailOnWarnings: true, Parameters: map[string]string{"basepath": "split", "endpointConfigurationTypes": "REGIONAL"}}); err != nil {
		t.Fatal(err)
	}
	if in := f.imports[0]; string(in.Body) != "openapi" || !*in.FailOnWarnings || in.Parameters["basepath"] != "split" || in.Parameters["endpointConfigurationTypes"] != "REGIONAL" {
		t.Errorf("%+v", in)
	}
	const arn = "arn:aws:apigateway:eu-central-1::/restapis/a/stages/b"
	if tags, err := c.GetTags(ctx, &sdk.GetTagsInput{ResourceArn: aws.String(arn)}); err != nil || tags.Tags["arn"] != arn {
		t.Errorf("%v %v", tags, err)
	}
	if _, err := c.DeleteRestApi(ctx, &sdk.DeleteRestApiInput{RestApiId: aws.String("a")}); err != nil {
		t.Error(err)
	}
	export, err := c.GetExport(ctx, &sdk.GetExportInput{RestApiId: aws.String("a"), StageName: aws.String("b"), ExportType: aws.String("oas30"), Accepts: aws.String("application/yaml")})
	if err != nil || string(export.Body) != "{}" || !strings.Contains(*export.ContentDisposition, "a.json") {
		t.Errorf("%+v %v", export, err)
	}
}

func TestSDKPages(t *testing.T) {
	c := client(t, newServer(t, new(fake), nil).Loopback(), "test", "test")
	var ids []string
	for p := sdk.NewGetRestApisPaginator(c, &sdk.GetRestApisInput{Limit: aws.Int32(2)}); p.HasMorePages(); {
		page, err := p.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			ids = append(ids, *item.Id)
		}
	}
	if got := strings.Join(ids, ""); got != "abcde" {
		t.Errorf("got %s", got)
	}
}

func TestSDKErrors(t *testing.T) {
	ctx := context.Background()
	f := &fake{err: apigw.Errorf(apigw.NotFound, "Invalid API identifier specified 000000000000:a")}
	c := client(t, newServer(t, f, nil).Loopback(), "test", "test")
	_, err := c.DeleteRestApi(ctx, &sdk.DeleteRestApiInput{RestApiId: aws.String("a")})
	if e, ok := errors.AsType[*types.NotFoundException](err); !ok || *e.Message != "Invalid API identifier specified 000000000000:a" {
		t.Errorf("%v", err)
	}
	_, err = c.GetUsagePlans(ctx, nil)
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "NotImplementedException" || e.ErrorMessage() != "Gatehouse doesn't serve GetUsagePlans yet" {
		t.Errorf("%v", err)
	}
	_, err = c.UpdateRestApi(ctx, &sdk.UpdateRestApiInput{RestApiId: aws.String("a"), PatchOperations: []types.PatchOperation{{Op: "wrong"}}})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "NotImplementedException" {
		t.Errorf("%v", err)
	}
}

// TestSignedCalls: with identities every call is verified and must be allowed
// by a policy, on loopback as elsewhere.
func TestSignedCalls(t *testing.T) {
	ctx, f := context.Background(), new(fake)
	directory := directoryOf(t,
		&apigw.User{Name: "admin", Account: "111122223333", Keys: []apigw.UserKey{{ID: "AKIAADMIN", Secret: "secret-a"}}, Policies: []apigw.NamedPolicy{{Name: "p", Document: `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`}}},
		&apigw.User{Name: "reader", Keys: []apigw.UserKey{{ID: "AKIAREADER", Secret: "secret-r"}}, Policies: []apigw.NamedPolicy{{Name: "p", Document: `{"Statement":{"Effect":"Allow","Action":"apigateway:GET","Resource":"arn:aws:apigateway:*::/restapis"}}`}}},
	)
	s := newServer(t, f, func(c *Config) { c.Identities = directory })
	public, err := s.Public()
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.Handler{"loopback": s.Loopback(), "public": public} {
		t.Run(name, func(t *testing.T) {
			f.calls = nil
			admin, reader := client(t, h, "AKIAADMIN", "secret-a"), client(t, h, "AKIAREADER", "secret-r")
			if _, err := admin.CreateRestApi(ctx, &sdk.CreateRestApiInput{Name: aws.String("a")}); err != nil {
				t.Fatal(err)
			}
			if who := f.calls[0].Caller; !who.Verified || who.ARN != "arn:aws:iam::111122223333:user/admin" || f.calls[0].Scope.Account != "111122223333" || f.calls[0].Scope.Region != "eu-central-1" {
				t.Errorf("%+v", f.calls[0])
			}
			if _, err := reader.GetRestApis(ctx, nil); err != nil {
				t.Error(err)
			}
			_, err := reader.CreateRestApi(ctx, &sdk.CreateRestApiInput{Name: aws.String("a")})
			refusedWith(t, err, "AccessDeniedException", "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: apigateway:POST on resource: arn:aws:apigateway:eu-central-1::/restapis because no identity-based policy allows the apigateway:POST action")
			_, err = client(t, h, "AKIAADMIN", "wrong").GetRestApis(ctx, nil)
			refusedWith(t, err, "InvalidSignatureException", "The request signature we calculated")
			_, err = client(t, h, "AKIANOBODY", "x").GetRestApis(ctx, nil)
			refusedWith(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")
			changed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Body = http.NoBody
				if r.Method == http.MethodPost {
					r.Body = http.MaxBytesReader(w, readCloser{bytes.NewReader([]byte(`{"name":"b"}`))}, 100)
				}
				h.ServeHTTP(w, r)
			})
			_, err = client(t, changed, "AKIAADMIN", "secret-a").CreateRestApi(ctx, &sdk.CreateRestApiInput{Name: aws.String("a")})
			refusedWith(t, err, "InvalidSignatureException", "The request signature we calculated")
		})
	}
	if got, _ := do(public, "GET", "/restapis", "", "Authorization", ""); got.Type != "MissingAuthenticationTokenException" {
		t.Errorf("%v", got)
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

func refusedWith(t *testing.T, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.HasPrefix(e.ErrorMessage(), message) {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

// unread fails the test when somebody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("read")
}

// TestStrangersSendNoBodies: who signs with no key of ours makes us read
// nothing.
func TestStrangersSendNoBodies(t *testing.T) {
	directory := directoryOf(t)
	h := newServer(t, new(fake), func(c *Config) { c.Identities = directory }).Loopback()
	at := time.Now().UTC()
	credential := "AWS4-HMAC-SHA256 Credential=AKIA/" + at.Format("20060102") + "/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=00"
	for _, authorization := range []string{"", "Bearer x", credential} {
		r := httptest.NewRequest("POST", "http://localhost/restapis?mode=import", unread{t})
		r.Header.Set("X-Amz-Date", at.Format("20060102T150405Z"))
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("%q: %d", authorization, w.Code)
		}
	}
}

// TestLargeBodiesGiveTheirPlaceBack: more of them than there are places.
func TestLargeBodiesGiveTheirPlaceBack(t *testing.T) {
	h := newServer(t, new(fake), nil).Loopback()
	for range largeBodies + 1 {
		if got, _ := do(h, "POST", "/restapis?mode=import", strings.Repeat("x", smallBody+1)); got.Status != 201 {
			t.Fatalf("%v", got)
		}
	}
}

func testCredentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
}

// directoryOf has users, and calls must be signed.
func directoryOf(t *testing.T, users ...*apigw.User) *identity.Directory {
	t.Helper()
	d, err := identity.New(identity.Config{Scope: testScope, Configured: &apigw.IdentitySet{Users: users}, Enforced: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
