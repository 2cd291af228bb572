package awsapi

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
)

func TestSDKExport(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	for _, tc := range []struct{ kind, begins string }{
		{"swagger", "{\n  \"swagger\" : \"2.0\","},
		{"oas30", "{\n  \"openapi\" : \"3.0.1\","},
	} {
		// AWS's client for Go asks for application/json whatever it is told.
		out, err := h.sdkClient().GetExport(t.Context(), &sdk.GetExportInput{RestApiId: aws.String(h.expand("{api}")), StageName: aws.String("prod"),
			ExportType: &tc.kind, Parameters: map[string]string{"extensions": "integrations,authorizers"}})
		if err != nil {
			t.Fatal(err)
		}
		if *out.ContentType != "application/octet-stream" || !strings.HasPrefix(*out.ContentDisposition, `attachment; filename="`+tc.kind+"_") ||
			!strings.HasPrefix(string(out.Body), tc.begins) || !strings.Contains(string(out.Body), "x-amazon-apigateway-integration") {
			t.Errorf("%s %s\n%s", *out.ContentType, *out.ContentDisposition, out.Body)
		}
	}
	r, err := http.NewRequest("GET", h.url+h.expand("/restapis/{api}/stages/prod/exports/oas30"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", strings.Replace(anyCredentials, "eu-west-1", "us-east-1", 1))
	r.Header.Set("Accept", "application/yaml")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || !strings.HasPrefix(string(body), "---\nopenapi: \"3.0.1\"\n") || !strings.HasSuffix(answer.Header.Get("Content-Disposition"), `.yaml"`) {
		t.Errorf("%v %v\n%s", err, answer.Header, body)
	}
	h.refused("GET /restapis/{api}/stages/prod/exports/swagger?extension=a", "", 400, "Invalid export parameter specified: extension")
	h.refused("GET /restapis/{api}/stages/prod/exports/swagger?extensions=postman", "", 400, "Gatehouse can't export Postman extensions: export without them, which Postman imports as well")
}
