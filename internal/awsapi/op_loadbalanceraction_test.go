package awsapi

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// TestForeignConfigurations: an action, a condition or a transform with the
// configuration of another type is refused, rather than made without it: one that
// forwards wouldn't authenticate anybody.
func TestForeignConfigurations(t *testing.T) {
	var err error
	for _, c := range []struct {
		read func()
		want string
	}{
		{func() {
			_, err = actionsOf([]*elbv2.Action{{Type: new("forward"), TargetGroupArn: new("arn:x"), AuthenticateOidcConfig: &elbv2.AuthenticateOidcActionConfig{}}})
		}, "The action of type 'forward' cannot have the configuration of 'authenticate-oidc'"},
		{func() {
			_, err = actionsOf([]*elbv2.Action{{Type: new("forward"), TargetGroupArn: new("arn:x"), JwtValidationConfig: &elbv2.JwtValidationActionConfig{}}})
		}, "cannot have the configuration of 'jwt-validation'"},
		{func() {
			_, err = conditionsOf([]*elbv2.RuleCondition{{Field: new("path-pattern"), SourceIpConfig: &elbv2.SourceIpConditionConfig{}}})
		}, "The condition of type 'path-pattern' cannot have the configuration of 'source-ip'"},
		{func() {
			_, err = transformsOf([]*elbv2.RuleTransform{{Type: new("url-rewrite"), HostHeaderRewriteConfig: &elbv2.HostHeaderRewriteConfig{}}})
		}, "The transform of type 'url-rewrite' cannot have the configuration of 'host-header-rewrite'"},
		{func() {
			err = refuseMutual(&elbv2.MutualAuthenticationAttributes{Mode: new("off"), IgnoreClientCertificateExpiry: new(true)})
		}, "MutualAuthentication"},
	} {
		if c.read(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	if err := refuseMutual(&elbv2.MutualAuthenticationAttributes{Mode: new("off"), IgnoreClientCertificateExpiry: new(false), AdvertiseTrustStoreCaNames: new("off")}); err != nil {
		t.Error(err)
	}
}
