package awsapi

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
)

func TestSDKTypes(t *testing.T) {
	h := newHouse(t)
	out, err := h.sdkClient().GetSdkTypes(t.Context(), &sdk.GetSdkTypesInput{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, item := range out.Items {
		ids = append(ids, *item.Id)
	}
	// AWS's six, in the order of its documentation, and Gatehouse's own.
	if got := strings.Join(ids, " "); !strings.HasPrefix(got, "android javascript objectivec swift java ruby") {
		t.Error(got)
	}
	ruby, err := h.sdkClient().GetSdkType(t.Context(), &sdk.GetSdkTypeInput{Id: aws.String("ruby")})
	if err != nil {
		t.Fatal(err)
	}
	last := ruby.ConfigurationProperties[2]
	if *ruby.FriendlyName != "Ruby" || len(ruby.ConfigurationProperties) != 3 || *last.Name != "ruby.gem-version" || last.Required || *last.DefaultValue != "1.0.0" {
		t.Errorf("%+v", ruby)
	}
	if _, page := h.call("GET /sdktypes?limit=4", ""); len(page["item"].([]any)) != 4 || page["position"] == nil {
		t.Errorf("%v", page)
	}
	h.refused("GET /sdktypes/cobol", "", 404, "Invalid SDK type identifier specified")
}

func TestSDKGetSdk(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	out, err := h.sdkClient().GetSdk(t.Context(), &sdk.GetSdkInput{RestApiId: aws.String(h.expand("{api}")), StageName: aws.String("prod"), SdkType: aws.String("javascript")})
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(out.Body), int64(len(out.Body)))
	if err != nil || len(r.File) < 5 || *out.ContentType != "application/octet-stream" || !strings.HasPrefix(*out.ContentDisposition, `attachment; filename="javascript_`) {
		t.Errorf("%v %+v", err, out)
	}
	// What the API became after its deployment isn't part of it (developer
	// guide: an API is deployed again before its SDK is generated again).
	h.ok("DELETE /restapis/{api}/resources/{root}/methods/GET", "")
	again, err := h.sdkClient().GetSdk(t.Context(), &sdk.GetSdkInput{RestApiId: aws.String(h.expand("{api}")), StageName: aws.String("prod"), SdkType: aws.String("javascript")})
	if err != nil || !bytes.Equal(out.Body, again.Body) {
		t.Errorf("another SDK without a deployment: %v", err)
	}
	h.refused("GET /restapis/{api}/stages/none/sdks/javascript", "", 404, "Invalid stage identifier specified")
	h.refused("GET /restapis/{api}/stages/prod/sdks/swift?classPrefix=A", "", 400, "Gatehouse doesn't generate swift SDKs. It generates javascript, java, ruby, typescript, python, go")
	h.refused("GET /restapis/{api}/stages/prod/sdks/java?serviceName=A", "", 400, "Missing required SDK parameter: java.package-name")
	h.refused("GET /restapis/{api}/stages/prod/sdks/javascript?a=b", "", 400, "Invalid SDK parameter specified: a")
}
