package awsapi

import (
	"fmt"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/smithy-go"
)

// listenerCycles: listeners, their further certificates, and rules.
func listenerCycles() map[string]privateCycle {
	const listener = `{"Listener":{"ListenerArn":"{web}","LoadBalancerArn":"{front}","Port":%d,"Protocol":"HTTP","DefaultActions":[{"Type":"fixed-response","Order":1,"FixedResponseConfig":{"StatusCode":"404","ContentType":"text/plain","MessageBody":"%s"}}]},"Server":"%s","Tags":{"a":"b"}}`
	const secure = "{secure} Action=CreateListener&Certificates.member.1.CertificateArn=arn:aws:acm:us-east-1:000000000000:certificate/c&DefaultActions.member.1.FixedResponseConfig.ContentType=text/plain&DefaultActions.member.1.FixedResponseConfig.StatusCode=404&DefaultActions.member.1.Type=fixed-response&LoadBalancerArn={front}&Port=443&Protocol=HTTPS&SslPolicy=ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
	const more = "ListenerArn={secure}&Certificates.member.1.CertificateArn=arn:aws:acm:us-east-1:000000000000:certificate/d"
	all := ruleCycles()
	all["lb_listener"] = privateCycle{
		first: []string{tfFront}, create: []string{tfWeb},
		read: readListener,
		want: fmt.Sprintf(listener, 80, "nothing here", "true"),
		updates: []privateUpdate{{"answer", fmt.Sprintf(listener, 8080, "gone", "false"), []string{
			"Action=ModifyListener&DefaultActions.member.1.FixedResponseConfig.ContentType=text/plain&DefaultActions.member.1.FixedResponseConfig.MessageBody=gone&DefaultActions.member.1.FixedResponseConfig.StatusCode=404&DefaultActions.member.1.Order=1&DefaultActions.member.1.Type=fixed-response&ListenerArn={web}&Port=8080&Protocol=HTTP",
			"Action=ModifyListenerAttributes" + settings("routing.http.response.server.enabled", "false") + "&ListenerArn={web}"}}},
		destroy: []string{"Action=DeleteListener&ListenerArn={web}"},
		gone:    "ListenerNotFound",
	}
	all["lb_listener_certificate"] = privateCycle{
		first: []string{tfFront, secure}, create: []string{"Action=AddListenerCertificates&" + more},
		read: func(x *private) (any, error) {
			out, err := x.elb.DescribeListenerCertificates(x.ctx, &elb.DescribeListenerCertificatesInput{ListenerArn: x.id("{secure}")})
			if err != nil {
				return nil, err
			}
			for _, c := range out.Certificates { // the provider leaves out the default one
				if !*c.IsDefault {
					return c, nil
				}
			}
			return nil, &smithy.GenericAPIError{Code: "none"}
		},
		want:    `{"CertificateArn":"arn:aws:acm:us-east-1:000000000000:certificate/d"}`,
		destroy: []string{"Action=RemoveListenerCertificates&" + more},
		gone:    "none",
	}
	return all
}

func readListener(x *private) (any, error) {
	out, err := x.elb.DescribeListeners(x.ctx, &elb.DescribeListenersInput{ListenerArns: []string{x.expand("{web}")}})
	if err != nil {
		return nil, err
	}
	attributes, err := x.elb.DescribeListenerAttributes(x.ctx, &elb.DescribeListenerAttributesInput{ListenerArn: x.id("{web}")})
	if err != nil {
		return nil, err
	}
	server := ""
	for _, a := range attributes.Attributes {
		if *a.Key == "routing.http.response.server.enabled" {
			server = *a.Value
		}
	}
	tags, err := x.tagsOf("{web}")
	return map[string]any{"Listener": out.Listeners[0], "Server": server, "Tags": tags}, err
}

func ruleCycles() map[string]privateCycle {
	const weights = "Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds=60&Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=true&Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn={pets}&Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=%d&Actions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn={owners}&Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight=3&Actions.member.1.Order=1&Actions.member.1.Type=forward"
	const meets = "&Conditions.member.2.Field=http-header&Conditions.member.2.HttpHeaderConfig.HttpHeaderName=X-Kind&Conditions.member.2.HttpHeaderConfig.Values.member.1=%2Acat%2A&Conditions.member.3.Field=query-string&Conditions.member.3.QueryStringConfig.Values.member.1.Value=x&Conditions.member.3.QueryStringConfig.Values.member.2.Key=v&Conditions.member.3.QueryStringConfig.Values.member.2.Value=1"
	const path = "&Conditions.member.1.Field=path-pattern&Conditions.member.1.PathPatternConfig.Values.member.1=/pets/%2A"
	const rule = `{"RuleArn":"{rule}","Priority":"%d","Actions":[{"Type":"forward","Order":1,"ForwardConfig":{"TargetGroups":[{"TargetGroupArn":"{pets}","Weight":%d},{"TargetGroupArn":"{owners}","Weight":3}],"TargetGroupStickinessConfig":{"DurationSeconds":60,"Enabled":true}}}],"Conditions":[{"Field":"path-pattern","Values":[%s],"PathPatternConfig":{"Values":[%s]}},{"Field":"http-header","HttpHeaderConfig":{"HttpHeaderName":"X-Kind","Values":["*cat*"]}},{"Field":"query-string","QueryStringConfig":{"Values":[{"Value":"x"},{"Key":"v","Value":"1"}]}}]}`
	const two = `"/pets/*","/cats/*"`
	read := func(x *private) (any, error) {
		out, err := x.elb.DescribeRules(x.ctx, &elb.DescribeRulesInput{RuleArns: []string{x.expand("{rule}")}})
		if err != nil {
			return nil, err
		}
		return out.Rules[0], nil
	}
	first := []string{tfFront, tfPets, tfOwners, tfWeb}
	destroy := []string{"Action=DeleteRule&RuleArn={rule}"}
	return map[string]privateCycle{
		"lb_listener_rule": {
			first: first, create: []string{"{rule} Action=CreateRule&" + fmt.Sprintf(weights, 1) + path + meets + "&ListenerArn={web}&Priority=10"},
			read: read,
			want: fmt.Sprintf(rule, 10, 1, `"/pets/*"`, `"/pets/*"`),
			updates: []privateUpdate{{"weights, paths and priority", fmt.Sprintf(rule, 11, 5, two, two), []string{
				"Action=SetRulePriorities&RulePriorities.member.1.Priority=11&RulePriorities.member.1.RuleArn={rule}",
				"Action=ModifyRule&" + fmt.Sprintf(weights, 5) + path + "&Conditions.member.1.PathPatternConfig.Values.member.2=/cats/%2A" + meets + "&RuleArn={rule}"}}},
			destroy: destroy, gone: "RuleNotFound",
		},
		"lb_listener_rule that redirects": {
			first: first, create: []string{"{rule} Action=CreateRule&Actions.member.1.Order=1&Actions.member.1.RedirectConfig.Host=%23%7Bhost%7D&Actions.member.1.RedirectConfig.Path=/%23%7Bpath%7D&Actions.member.1.RedirectConfig.Port=443&Actions.member.1.RedirectConfig.Protocol=HTTPS&Actions.member.1.RedirectConfig.Query=%23%7Bquery%7D&Actions.member.1.RedirectConfig.StatusCode=HTTP_301&Actions.member.1.Type=redirect&Conditions.member.1.Field=host-header&Conditions.member.1.HostHeaderConfig.Values.member.1=%2A.example.com&ListenerArn={web}&Priority=1"},
			read: read,
			want: `{"RuleArn":"{rule}","Priority":"1","Actions":[{"Type":"redirect","Order":1,"RedirectConfig":{"Protocol":"HTTPS","Port":"443","Host":"#{host}","Path":"/#{path}","Query":"#{query}","StatusCode":"HTTP_301"}}],
				"Conditions":[{"Field":"host-header","Values":["*.example.com"],"HostHeaderConfig":{"Values":["*.example.com"]}}]}`,
			destroy: destroy, gone: "RuleNotFound",
		},
	}
}

// registryCycles: Cloud Map's resources. Their operations are waited for.
func registryCycles() map[string]privateCycle {
	const zone = `{zone} CreatePrivateDnsNamespace {"CreatorRequestId":"terraform-1","Description":"one","Name":"shop.example","Vpc":"vpc-1"}`
	const carts = `{carts} CreateService {"CreatorRequestId":"terraform-2","Description":"one","DnsConfig":{"DnsRecords":[{"TTL":10,"Type":"A"}],"NamespaceId":"{zone}","RoutingPolicy":"MULTIVALUE"},"HealthCheckCustomConfig":{"FailureThreshold":1},"Name":"carts","Tags":[{"Key":"stage","Value":"one"}]}`
	const service = `{"Service":{"Name":"carts","Type":"DNS_HTTP","NamespaceId":"{zone}","Description":"%s","DnsConfig":{"DnsRecords":[{"TTL":%d,"Type":"A"}],"NamespaceId":"{zone}","RoutingPolicy":"MULTIVALUE"},"HealthCheckCustomConfig":{"FailureThreshold":1}},"Tags":[{"Key":"stage","Value":"%s"}]}`
	const instance = `{"AWS_INSTANCE_IPV4":"127.0.0.1","AWS_INSTANCE_PORT":"%d","color":"%s"}`
	register := func(port int, color, token string) string {
		return `RegisterInstance {"Attributes":` + fmt.Sprintf(instance, port, color) + `,"CreatorRequestId":"` + token + `","InstanceId":"one","ServiceId":"{carts}"}`
	}
	return map[string]privateCycle{
		"service_discovery_http_namespace": {
			create:  []string{`{ns} CreateHttpNamespace {"CreatorRequestId":"terraform-1","Description":"one","Name":"shop","Tags":[{"Key":"stage","Value":"one"}]}`},
			read:    readsNamespace("{ns}"),
			want:    `{"Name":"shop","Type":"HTTP","Description":"one","HttpName":"shop","Tags":[{"Key":"stage","Value":"one"}]}`,
			destroy: []string{`{done} DeleteNamespace {"Id":"{ns}"}`},
			gone:    "NamespaceNotFound",
		},
		"service_discovery_private_dns_namespace": {
			create:  []string{zone},
			read:    readsNamespace("{zone}"),
			want:    `{"Name":"shop.example","Type":"DNS_PRIVATE","Description":"one","HttpName":"shop.example","Zone":true}`,
			updates: []privateUpdate{{"description", `{"Name":"shop.example","Type":"DNS_PRIVATE","Description":"two","HttpName":"shop.example","Zone":true}`, []string{`{done} UpdatePrivateDnsNamespace {"Id":"{zone}","Namespace":{"Description":"two"},"UpdaterRequestId":"terraform-2"}`}}},
			destroy: []string{`{done} DeleteNamespace {"Id":"{zone}"}`},
			gone:    "NamespaceNotFound",
		},
		"service_discovery_service": {
			first: []string{zone}, create: []string{carts},
			read: readRegistryService,
			want: fmt.Sprintf(service, "one", 10, "one"),
			updates: []privateUpdate{{"records and tags", fmt.Sprintf(service, "two", 20, "two"), []string{
				`{done} UpdateService {"Id":"{carts}","Service":{"Description":"two","DnsConfig":{"DnsRecords":[{"TTL":20,"Type":"A"}]}}}`,
				`TagResource {"ResourceARN":"arn:aws:servicediscovery:us-east-1:000000000000:service/{carts}","Tags":[{"Key":"stage","Value":"two"}]}`}}},
			destroy: []string{`DeleteService {"Id":"{carts}"}`},
			gone:    "ServiceNotFound",
		},
		"service_discovery_instance": {
			first: []string{zone, carts}, create: []string{register(9003, "blue", "terraform-3")},
			read: func(x *private) (any, error) {
				out, err := x.cloud.GetInstance(x.ctx, &servicediscovery.GetInstanceInput{ServiceId: x.id("{carts}"), InstanceId: new("one")})
				if err != nil {
					return nil, err
				}
				return out.Instance.Attributes, nil
			},
			want:    fmt.Sprintf(instance, 9003, "blue"),
			updates: []privateUpdate{{"attributes", fmt.Sprintf(instance, 9004, "red"), []string{register(9004, "red", "terraform-4")}}},
			destroy: []string{`DeregisterInstance {"InstanceId":"one","ServiceId":"{carts}"}`},
			gone:    "InstanceNotFound",
		},
	}
}

func readsNamespace(id string) func(*private) (any, error) {
	return func(x *private) (any, error) {
		out, err := x.cloud.GetNamespace(x.ctx, &servicediscovery.GetNamespaceInput{Id: x.id(id)})
		if err != nil {
			return nil, err
		}
		n := out.Namespace
		tags, err := x.cloud.ListTagsForResource(x.ctx, &servicediscovery.ListTagsForResourceInput{ResourceARN: n.Arn})
		if err != nil {
			return nil, err
		}
		zone := n.Properties.DnsProperties
		return map[string]any{"Name": n.Name, "Type": n.Type, "Description": n.Description, "HttpName": n.Properties.HttpProperties.HttpName, "Zone": zone != nil && zone.HostedZoneId != nil, "Tags": tags.Tags}, nil
	}
}

func readRegistryService(x *private) (any, error) {
	out, err := x.cloud.GetService(x.ctx, &servicediscovery.GetServiceInput{Id: x.id("{carts}")})
	if err != nil {
		return nil, err
	}
	s := out.Service
	tags, err := x.cloud.ListTagsForResource(x.ctx, &servicediscovery.ListTagsForResourceInput{ResourceARN: s.Arn})
	if err != nil {
		return nil, err
	}
	return map[string]any{"Tags": tags.Tags, "Service": map[string]any{"Name": s.Name, "Type": s.Type, "NamespaceId": s.NamespaceId, "Description": s.Description, "DnsConfig": s.DnsConfig,
		"HealthCheckConfig": s.HealthCheckConfig, "HealthCheckCustomConfig": s.HealthCheckCustomConfig}}, nil
}
