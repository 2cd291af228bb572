package awsapi

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/google/go-cmp/cmp"
)

func TestSDKTags(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	key := h.ok("POST /apikeys", `{"name":"k"}`)["id"].(string)
	plan := h.ok("POST /usageplans", `{"name":"p"}`)["id"].(string)
	link := h.ok("POST /vpclinks", `{"name":"l","targetArns":["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"]}`)["id"].(string)
	c, ctx := h.sdkClient(), t.Context()
	for path, get := range map[string]string{
		"/restapis/{api}": "/restapis/{api}", "/restapis/{api}/stages/prod": "/restapis/{api}/stages/prod",
		"/apikeys/" + key: "/apikeys/" + key, "/usageplans/" + plan: "/usageplans/" + plan, "/vpclinks/" + link: "/vpclinks/" + link,
	} {
		arn := aws.String("arn:aws:apigateway:us-east-1::" + h.expand(path))
		for _, tags := range []map[string]string{{"a": "1", "b": "2"}, {"b": "3", "c d": "4"}} {
			if _, err := c.TagResource(ctx, &sdk.TagResourceInput{ResourceArn: arn, Tags: tags}); err != nil {
				t.Fatal(*arn, err)
			}
		}
		if _, err := c.UntagResource(ctx, &sdk.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a", "z"}}); err != nil {
			t.Fatal(*arn, err)
		}
		got, err := c.GetTags(ctx, &sdk.GetTagsInput{ResourceArn: arn})
		if err != nil {
			t.Fatal(*arn, err)
		}
		if d := cmp.Diff(map[string]string{"b": "3", "c d": "4"}, got.Tags); d != "" {
			t.Error(*arn, d)
		}
		if d := cmp.Diff(map[string]any{"b": "3", "c d": "4"}, h.ok("GET "+get, "")["tags"]); d != "" {
			t.Error(*arn, d)
		}
		if _, err := c.UntagResource(ctx, &sdk.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b", "c d"}}); err != nil {
			t.Fatal(*arn, err)
		}
		if got, err := c.GetTags(ctx, &sdk.GetTagsInput{ResourceArn: arn}); err != nil || got.Tags == nil || len(got.Tags) != 0 {
			t.Error(*arn, got, err)
		}
		_, err = c.TagResource(ctx, &sdk.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"aws:x": "1"}})
		refusedWith(t, err, "BadRequestException", `Invalid tag key "aws:x"`)
	}
	for arn, want := range map[string][2]string{
		"arn:aws:apigateway:eu-west-1::/restapis/a":                                  {"BadRequestException", "Invalid ARN specified in the request"},
		"arn:aws:apigateway:us-east-1::/moons/a":                                     {"BadRequestException", "Invalid ARN specified in the request"},
		"arn:aws:apigateway:us-east-1::/restapis/":                                   {"BadRequestException", "Invalid ARN specified in the request"},
		"arn:aws:apigateway:us-east-1::" + h.expand("/restapis/{api}/stages/%70rod"): {"NotFoundException", "Invalid stage identifier specified"},
		"arn:aws:apigateway:us-east-1::/restapis/nothing":                            {"NotFoundException", "Invalid API identifier specified 000000000000:nothing"},
		"arn:aws:apigateway:us-east-1::/vpclinks/nothing":                            {"NotFoundException", "Invalid Vpc Link identifier specified"},
	} {
		_, err := c.GetTags(ctx, &sdk.GetTagsInput{ResourceArn: &arn})
		refusedWith(t, err, want[0], want[1])
	}
}
