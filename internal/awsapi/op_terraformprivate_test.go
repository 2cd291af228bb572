package awsapi

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/smithy-go"
)

// private makes the calls of Terraform's resources of load balancers and Cloud
// Map. What is written are the provider's own requests, as version 5.100.0 under
// Terraform 1.11.4 sent them to Gatehouse, which then planned no change; what is
// read is what its refresh reads, and maps to the resource.
type private struct {
	*terraform
	elb   *elb.Client
	cloud *servicediscovery.Client
}

// privateCycle is a cycle whose end shows by the code that a read is refused
// with; empty: it shows nothing.
type privateCycle struct {
	first   []string // requests that make what it needs
	create  []string
	read    func(x *private) (any, error)
	want    string
	updates []privateUpdate
	destroy []string
	gone    string
}

type privateUpdate struct {
	name, want string
	requests   []string
}

// TestTerraformOfPrivateServices replays the life cycle of every resource:
// created, refreshed without a difference, updated in place, and destroyed.
func TestTerraformOfPrivateServices(t *testing.T) {
	all := map[string]privateCycle{}
	for _, some := range []map[string]privateCycle{balancerCycles(), listenerCycles(), groupCycles(), registryCycles()} {
		for name, c := range some {
			all["aws_"+name] = c
		}
	}
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.T = t
			x := &private{terraform: &terraform{house: h, ctx: t.Context()}, cloud: h.sdkRegistry(),
				elb: elb.New(elb.Options{BaseEndpoint: &h.url, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: aws.CredentialsProviderFunc(testCredentials)})}
			shows := func(step, want string) {
				t.Helper()
				x.shows(step, cycle{read: func(*terraform) (any, error) { return c.read(x) }}, want)
			}
			x.sends(c.first)
			x.sends(c.create)
			shows("created", c.want)
			for _, u := range c.updates {
				x.sends(u.requests)
				shows(u.name, u.want)
			}
			x.sends(c.destroy)
			_, err := c.read(x)
			var refused smithy.APIError
			if errors.As(err, &refused); refused == nil || refused.ErrorCode() != c.gone {
				t.Errorf("destroyed, and read: %v", err)
			}
		})
	}
}

// sends makes requests: "{name} FORM" of load balancers, or "{name} OPERATION
// JSON" of Cloud Map, where {name} will stand for what was made. Without a name,
// nothing is.
func (x *private) sends(requests []string) {
	x.Helper()
	for _, request := range requests {
		name := ""
		if strings.HasPrefix(request, "{") {
			name, request, _ = strings.Cut(request, " ")
		}
		answer := ""
		if operation, body, json := strings.Cut(request, " "); json {
			status, code, text := x.registryCall(operation, body)
			if answer = text; status != http.StatusOK {
				x.Fatalf("%s: %s %s", request, code, text)
			}
		} else {
			answer = x.form(request)
		}
		if name != "" {
			x.names(name, new(x.made(answer)))
		}
	}
}

// form sends one form.
func (x *private) form(request string) string {
	x.Helper()
	text := strings.NewReplacer("+", "%20").Replace(strings.NewReplacer(x.vars...).Replace(request)) + "&Version=2015-12-01"
	r, err := http.NewRequestWithContext(x.ctx, "POST", x.url, strings.NewReader(text))
	if err != nil {
		x.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/elasticloadbalancing/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		x.Fatalf("%s: %s %v", request, raw, err)
	}
	return string(raw)
}

var (
	madeARN  = regexp.MustCompile(`<(?:Rule|Listener|TargetGroup|LoadBalancer)Arn>([^<]+)<`)
	madeID   = regexp.MustCompile(`"Id":"(srv-[^"]+)"`)
	madeByID = regexp.MustCompile(`"OperationId":"([^"]+)"`)
)

// made is the ARN or the ID that an answer tells of. The provider waits for what
// Cloud Map's calls begin.
func (x *private) made(answer string) string {
	x.Helper()
	if m := cmp.Or(submatch(madeARN, answer), submatch(madeID, answer)); m != "" {
		return m
	}
	id := submatch(madeByID, answer)
	out, err := x.cloud.GetOperation(x.ctx, &servicediscovery.GetOperationInput{OperationId: &id})
	if err != nil || out.Operation.Status != "SUCCESS" {
		x.Fatal(answer, out, err)
	}
	return out.Operation.Targets["NAMESPACE"]
}

func submatch(pattern *regexp.Regexp, text string) string {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// settings is the part of a form that sets attributes: keys and values in turn.
func settings(texts ...string) string {
	form := ""
	for i := 0; i < len(texts); i += 2 {
		form += fmt.Sprintf("&Attributes.member.%d.Key=%s&Attributes.member.%d.Value=%s", i/2+1, texts[i], i/2+1, url.QueryEscape(texts[i+1]))
	}
	return form
}

// tagsOf are the tags of what an ARN names, as DescribeTags has them.
func (x *private) tagsOf(arn string) (map[string]string, error) {
	out, err := x.elb.DescribeTags(x.ctx, &elb.DescribeTagsInput{ResourceArns: []string{x.expand(arn)}})
	tags := map[string]string{}
	if err == nil {
		for _, t := range out.TagDescriptions[0].Tags {
			tags[*t.Key] = *t.Value
		}
	}
	return tags, err
}

// The provider's defaults, which it sets on every new load balancer.
var (
	applicationDefaults = settings("access_logs.s3.enabled", "false", "connection_logs.s3.enabled", "false", "routing.http.desync_mitigation_mode", "defensive", "deletion_protection.enabled", "false",
		"idle_timeout.timeout_seconds", "60", "client_keep_alive.seconds", "3600", "routing.http.xff_client_port.enabled", "false", "zonal_shift.config.enabled", "false", "routing.http2.enabled", "true",
		"waf.fail_open.enabled", "false", "routing.http.drop_invalid_header_fields.enabled", "false", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false",
		"routing.http.preserve_host_header.enabled", "false", "routing.http.xff_header_processing.mode", "append")
	networkDefaults = settings("access_logs.s3.enabled", "false", "load_balancing.cross_zone.enabled", "false", "dns_record.client_routing_policy", "any_availability_zone",
		"deletion_protection.enabled", "false", "zonal_shift.config.enabled", "false")
)

const (
	tfFront  = "{front} Action=CreateLoadBalancer&Name=front&Scheme=internal&SecurityGroups.member.1=sg-1&Subnets.member.1=subnet-2&Subnets.member.2=subnet-1&Tags.member.1.Key=stage&Tags.member.1.Value=one&Type=application"
	tfNet    = "{net} Action=CreateLoadBalancer&Name=net&Scheme=internal&Subnets.member.1=subnet-1&Type=network"
	tfPets   = "{pets} Action=CreateTargetGroup&HealthCheckEnabled=true&HealthCheckIntervalSeconds=10&HealthCheckPath=/health&HealthCheckPort=traffic-port&HealthCheckProtocol=HTTP&HealthyThresholdCount=3&Matcher.HttpCode=200%2C204&Name=pets&Port=8080&Protocol=HTTP&ProtocolVersion=&TargetType=ip&UnhealthyThresholdCount=3&VpcId=vpc-1"
	tfOwners = "{owners} Action=CreateTargetGroup&Name=owners&Port=8080&Protocol=HTTP&ProtocolVersion=&TargetType=ip&VpcId=vpc-1"
	tfWeb    = "{web} Action=CreateListener&DefaultActions.member.1.FixedResponseConfig.ContentType=text/plain&DefaultActions.member.1.FixedResponseConfig.MessageBody=nothing+here&DefaultActions.member.1.FixedResponseConfig.StatusCode=404&DefaultActions.member.1.Order=1&DefaultActions.member.1.Type=fixed-response&LoadBalancerArn={front}&Port=80&Protocol=HTTP&Tags.member.1.Key=a&Tags.member.1.Value=b"
)

// balancerCycles: the provider sets all attributes that it knows, and moves load
// balancers by calls of their own.
func balancerCycles() map[string]privateCycle {
	const shown = `{"Name":"%s","Type":"%s","Scheme":"internal","Vpc":"vpc-1","State":"active","Addresses":"%s","Subnets":[%s],"Groups":[%s],"Attributes":{%s},"Tags":{%s}}`
	const application = `"idle_timeout.timeout_seconds":"%s","routing.http.drop_invalid_header_fields.enabled":"%s","client_keep_alive.seconds":"3600","routing.http.xff_header_processing.mode":"append"`
	both := `"subnet-1","subnet-2"`
	state := func(name, kind, addresses, subnets, groups, attributes, tags string) string {
		return fmt.Sprintf(shown, name, kind, addresses, subnets, groups, attributes, tags)
	}
	return map[string]privateCycle{
		"lb": {
			create: []string{tfFront, "Action=ModifyLoadBalancerAttributes" + applicationDefaults + "&LoadBalancerArn={front}"},
			read:   readsBalancer("{front}", "idle_timeout.timeout_seconds", "routing.http.drop_invalid_header_fields.enabled", "client_keep_alive.seconds", "routing.http.xff_header_processing.mode"),
			want:   state("front", "application", "ipv4", both, `"sg-1"`, fmt.Sprintf(application, "60", "false"), `"stage":"one"`),
			updates: []privateUpdate{
				{"attributes and tags", state("front", "application", "ipv4", both, `"sg-1"`, fmt.Sprintf(application, "30", "true"), `"stage":"two"`), []string{
					"Action=ModifyLoadBalancerAttributes" + settings("idle_timeout.timeout_seconds", "30", "routing.http.drop_invalid_header_fields.enabled", "true") + "&LoadBalancerArn={front}",
					"Action=AddTags&ResourceArns.member.1={front}&Tags.member.1.Key=stage&Tags.member.1.Value=two"}},
				{"place", state("front", "application", "dualstack", both, `"sg-1"`, fmt.Sprintf(application, "30", "true"), ""), []string{
					"Action=SetSecurityGroups&LoadBalancerArn={front}&SecurityGroups.member.1=sg-1",
					"Action=SetSubnets&LoadBalancerArn={front}&Subnets.member.1=subnet-1&Subnets.member.2=subnet-2",
					"Action=SetIpAddressType&IpAddressType=dualstack&LoadBalancerArn={front}",
					"Action=RemoveTags&ResourceArns.member.1={front}&TagKeys.member.1=stage"}},
			},
			destroy: []string{"Action=DeleteLoadBalancer&LoadBalancerArn={front}", "Action=DeleteLoadBalancer&LoadBalancerArn={front}"},
			gone:    "LoadBalancerNotFound",
		},
		"lb of flows": {
			create: []string{tfNet, "Action=ModifyLoadBalancerAttributes" + networkDefaults + "&LoadBalancerArn={net}"},
			read:   readsBalancer("{net}", "load_balancing.cross_zone.enabled", "dns_record.client_routing_policy"),
			want:   state("net", "network", "ipv4", `"subnet-1"`, "", `"load_balancing.cross_zone.enabled":"false","dns_record.client_routing_policy":"any_availability_zone"`, ""),
			updates: []privateUpdate{{"place", state("net", "network", "ipv4", both, "", `"load_balancing.cross_zone.enabled":"true","dns_record.client_routing_policy":"any_availability_zone"`, ""), []string{
				"Action=ModifyLoadBalancerAttributes" + settings("load_balancing.cross_zone.enabled", "true") + "&LoadBalancerArn={net}",
				"Action=SetSubnets&LoadBalancerArn={net}&Subnets.member.1=subnet-2&Subnets.member.2=subnet-1"}}},
			destroy: []string{"Action=DeleteLoadBalancer&LoadBalancerArn={net}"},
			gone:    "LoadBalancerNotFound",
		},
	}
}

// readsBalancer is a refresh of a load balancer: its sets have no order.
func readsBalancer(arn string, keys ...string) func(*private) (any, error) {
	return func(x *private) (any, error) {
		out, err := x.elb.DescribeLoadBalancers(x.ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{x.expand(arn)}})
		if err != nil {
			return nil, err
		}
		b := out.LoadBalancers[0]
		attributes, err := x.elb.DescribeLoadBalancerAttributes(x.ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn})
		if err != nil {
			return nil, err
		}
		reserved, err := x.elb.DescribeCapacityReservation(x.ctx, &elb.DescribeCapacityReservationInput{LoadBalancerArn: b.LoadBalancerArn})
		if err != nil {
			return nil, err
		}
		set, subnets := map[string]string{}, []string{}
		for _, a := range attributes.Attributes {
			if slices.Contains(keys, *a.Key) {
				set[*a.Key] = *a.Value
			}
		}
		for _, z := range b.AvailabilityZones {
			subnets = append(subnets, *z.SubnetId)
		}
		slices.Sort(subnets)
		tags, err := x.tagsOf(arn)
		return map[string]any{"Name": b.LoadBalancerName, "Type": b.Type, "Scheme": b.Scheme, "Vpc": b.VpcId, "State": b.State.Code, "Addresses": b.IpAddressType, "Subnets": subnets,
			"Groups": b.SecurityGroups, "Attributes": set, "Tags": tags, "Reserved": reserved.CapacityReservationState}, err
	}
}

// groupCycles: target groups, and targets, whose registration alone the provider
// reads of their health.
func groupCycles() map[string]privateCycle {
	const group = `{"TargetGroup":{"TargetGroupArn":"{pets}","TargetGroupName":"pets","Port":8080,"Protocol":"HTTP","ProtocolVersion":"HTTP1","VpcId":"vpc-1","TargetType":"ip","IpAddressType":"ipv4","HealthCheckEnabled":true,"HealthCheckIntervalSeconds":%d,"HealthCheckPath":"%s","HealthCheckPort":"traffic-port","HealthCheckProtocol":"HTTP","HealthCheckTimeoutSeconds":5,"HealthyThresholdCount":3,"UnhealthyThresholdCount":3,"Matcher":{"HttpCode":"200,204"}},"Attributes":{"deregistration_delay.timeout_seconds":"%s","stickiness.enabled":"%s","stickiness.type":"lb_cookie","slow_start.duration_seconds":"0","load_balancing.algorithm.type":"round_robin"}}`
	return map[string]privateCycle{
		"lb_target_group": {
			create: []string{tfPets, "Action=ModifyTargetGroupAttributes" + settings("deregistration_delay.timeout_seconds", "300") + "&TargetGroupArn={pets}"},
			read:   readGroup,
			want:   fmt.Sprintf(group, 10, "/health", "300", "false"),
			updates: []privateUpdate{{"health and stickiness", fmt.Sprintf(group, 20, "/healthz", "10", "true"), []string{
				"Action=ModifyTargetGroup&HealthCheckEnabled=true&HealthCheckIntervalSeconds=20&HealthCheckPath=/healthz&HealthCheckPort=traffic-port&HealthCheckProtocol=HTTP&HealthCheckTimeoutSeconds=5&HealthyThresholdCount=3&Matcher.HttpCode=200%2C204&TargetGroupArn={pets}&UnhealthyThresholdCount=3",
				"Action=ModifyTargetGroupAttributes" + settings("stickiness.enabled", "true", "stickiness.type", "lb_cookie", "stickiness.lb_cookie.duration_seconds", "60", "deregistration_delay.timeout_seconds", "10") + "&TargetGroupArn={pets}"}}},
			destroy: []string{"Action=DeleteTargetGroup&TargetGroupArn={pets}", "Action=DeleteTargetGroup&TargetGroupArn={pets}"},
			gone:    "TargetGroupNotFound",
		},
		"lb_target_group_attachment": {
			first:  []string{tfPets},
			create: []string{"Action=RegisterTargets&TargetGroupArn={pets}&Targets.member.1.Id=127.0.0.1&Targets.member.1.Port=9002"},
			read: func(x *private) (any, error) {
				out, err := x.elb.DescribeTargetHealth(x.ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: x.id("{pets}"), Targets: []elbtypes.TargetDescription{{Id: aws.String("127.0.0.1"), Port: aws.Int32(9002)}}})
				if err != nil {
					return nil, err
				}
				switch h := out.TargetHealthDescriptions[0]; h.TargetHealth.Reason { // what the provider takes for gone
				case elbtypes.TargetHealthReasonEnumNotRegistered, elbtypes.TargetHealthReasonEnumDeregistrationInProgress:
					return nil, &smithy.GenericAPIError{Code: string(h.TargetHealth.Reason)}
				default:
					return h.Target, nil
				}
			},
			want:    `{"Port":9002}`, // and the ID
			destroy: []string{"Action=DeregisterTargets&TargetGroupArn={pets}&Targets.member.1.Id=127.0.0.1&Targets.member.1.Port=9002"},
			gone:    "Target.NotRegistered",
		},
	}
}

func readGroup(x *private) (any, error) {
	out, err := x.elb.DescribeTargetGroups(x.ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{x.expand("{pets}")}})
	if err != nil {
		return nil, err
	}
	attributes, err := x.elb.DescribeTargetGroupAttributes(x.ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: x.id("{pets}")})
	if err != nil {
		return nil, err
	}
	set := map[string]string{}
	for _, a := range attributes.Attributes {
		switch *a.Key {
		case "deregistration_delay.timeout_seconds", "stickiness.enabled", "stickiness.type", "slow_start.duration_seconds", "load_balancing.algorithm.type":
			set[*a.Key] = *a.Value
		}
	}
	return map[string]any{"TargetGroup": out.TargetGroups[0], "Attributes": set}, nil
}
