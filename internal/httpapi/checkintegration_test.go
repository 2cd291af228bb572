package httpapi

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestCheckIntegration: what no stage could serve is refused when it is set, in
// words that name it; what depends on stage variables isn't.
func TestCheckIntegration(t *testing.T) {
	api := &apigw.RouteAPI{Protocol: apigw.ProtocolHTTP}
	private := proxyTo("", "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c")
	private.ConnectionType, private.ConnectionID = "VPC_LINK", "abc"
	reserved := proxyTo("", "http://127.0.0.1/")
	reserved.RequestParameters = map[string]string{"append:header.x-amz-date": "1"}
	if err := CheckIntegration(api, private); err != nil {
		t.Error(err)
	}
	function := proxyTo("", "arn:aws:lambda:us-east-1:123456789012:function:f")
	function.Type, function.ConnectionType = apigw.IntegrationAWSProxy, "VPC_LINK"
	for want, i := range map[string]*apigw.RouteIntegration{"VPC_LINK": function, "append:header.x-amz-date": reserved} {
		err := CheckIntegration(api, i)
		if apigw.KindOf(err) != apigw.BadRequest || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, uri := range []string{"http://127.0.0.1/", "https://${stageVariables.host}/{proxy}"} {
		if err := CheckIntegration(api, proxyTo("", uri)); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
