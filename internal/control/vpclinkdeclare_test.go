package control

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestDeclaredLinks: what the configuration file has is there under its IDs, goes
// with it, and isn't changed by calls.
func TestDeclaredLinks(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	nlb := apigw.VPCLink{ID: "old001", Name: "old", TargetARNs: []apigw.ARN{"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"}}
	private := apigw.PrivateLink{ID: "new001", Name: "new", Subnets: []string{"subnet-1"}}
	declare := func(links []apigw.VPCLink, private []apigw.PrivateLink) error {
		return w.DeclareLinks(ctx, w.scope, links, private)
	}
	for range 2 { // the second time, nothing changes
		if err := declare([]apigw.VPCLink{nlb}, []apigw.PrivateLink{private}); err != nil {
			t.Fatal(err)
		}
	}
	created := must[*apigw.PrivateLink](t)(w.PrivateLink(ctx, w.scope, "new001")).Created
	w.clock = w.clock.Add(time.Hour)
	nlb.Name = "older"
	if err := declare([]apigw.VPCLink{nlb}, []apigw.PrivateLink{private}); err != nil {
		t.Fatal(err)
	}
	if l := must[*apigw.PrivateLink](t)(w.PrivateLink(ctx, w.scope, "new001")); !l.Created.Equal(created) {
		t.Errorf("another link changed, and this one was made at %s, not at %s", l.Created, created)
	}
	if _, err := w.UpdatePrivateLink(ctx, w.scope, "new001", func(*apigw.PrivateLink) error { return nil }); err == nil || !strings.Contains(err.Error(), "configuration file") {
		t.Error(err)
	}
	if err := w.DeleteVPCLink(ctx, w.scope, "old001"); err == nil || !strings.Contains(err.Error(), "configuration file") {
		t.Error(err)
	}
	made, err := w.CreatePrivateLink(ctx, w.scope, apigw.PrivateLink{Name: "made", Subnets: []string{"subnet-1"}})
	if err != nil {
		t.Fatal(err)
	}
	taken := private
	taken.ID = made.ID
	if err := declare(nil, []apigw.PrivateLink{taken}); apigw.KindOf(err) != apigw.Conflict {
		t.Error(err)
	}
	unnamed := nlb
	unnamed.TargetARNs = []apigw.ARN{"front"}
	if err := declare([]apigw.VPCLink{unnamed}, nil); err == nil || !strings.Contains(err.Error(), "there is no load balancer front") {
		t.Error(err)
	}
	if err := declare(nil, nil); err != nil {
		t.Fatal(err)
	}
	links, left, err := w.allLinks(ctx, w.scope)
	if err != nil || len(links) != 0 || len(left) != 1 || left[0].ID != made.ID {
		t.Error(links, left, err)
	}
}
