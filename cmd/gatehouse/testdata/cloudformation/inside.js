// Services behind load balancers and a registry, with the APIs that lead to them:
// node inside.js VERSION writes the template of its first or second version.
const { App, Stack, CfnParameter, CfnOutput, Duration, DefaultStackSynthesizer, Tags } = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');
const { IpTarget, AlbListenerTarget } = require('aws-cdk-lib/aws-elasticloadbalancingv2-targets');
const map = require('aws-cdk-lib/aws-servicediscovery');
const rest = require('aws-cdk-lib/aws-apigateway');
const api = require('aws-cdk-lib/aws-apigatewayv2');
const { HttpAlbIntegration, HttpNlbIntegration, HttpServiceDiscoveryIntegration } = require('aws-cdk-lib/aws-apigatewayv2-integrations');

const second = process.argv[2] === '2';
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Inside', { synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) });
const orders = new CfnParameter(stack, 'Orders', { type: 'Number' }), users = new CfnParameter(stack, 'Users', { type: 'Number' }); // ports
const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a', 'us-east-1b'], privateSubnetIds: ['subnet-1', 'subnet-2'] });
const group = id => ec2.SecurityGroup.fromSecurityGroupId(stack, id, id, { mutable: false });

// An Application Load Balancer that leads to two services by path.
const front = new elb.ApplicationLoadBalancer(stack, 'Front', { vpc, internetFacing: false, loadBalancerName: 'front', idleTimeout: Duration.seconds(second ? 30 : 60), securityGroup: group(second ? 'sg-2' : 'sg-1') });
const web = front.addListener('Web', { port: 80, open: false, defaultAction: elb.ListenerAction.fixedResponse(404, { contentType: 'text/plain', messageBody: second ? 'gone' : 'nothing here' }) });
const targets = (id, port, props) => new elb.ApplicationTargetGroup(stack, id, { vpc, port: 80, protocol: elb.ApplicationProtocol.HTTP, targetType: elb.TargetType.IP, targets: [new IpTarget('127.0.0.1', port.valueAsNumber)], ...props });
const ordersGroup = targets('OrdersGroup', orders, { deregistrationDelay: Duration.seconds(second ? 10 : 20), healthCheck: { path: '/health', interval: Duration.seconds(second ? 10 : 20) } });
const usersGroup = targets('UsersGroup', users, second ? { stickinessCookieDuration: Duration.minutes(5) } : {});
web.addAction('OrdersRule', { priority: 10, conditions: [elb.ListenerCondition.pathPatterns(['/orders*'])], action: elb.ListenerAction.forward([ordersGroup]) });
web.addAction('UsersRule', { priority: second ? 30 : 20, conditions: [elb.ListenerCondition.pathPatterns(second ? ['/users*', '/people*'] : ['/users*']), elb.ListenerCondition.httpRequestMethods(['GET'])],
  action: elb.ListenerAction.weightedForward([{ targetGroup: usersGroup, weight: 1 }, { targetGroup: ordersGroup, weight: 0 }]) });
if (second) web.addAction('MovedRule', { priority: 5, conditions: [elb.ListenerCondition.pathPatterns(['/old*'])], action: elb.ListenerAction.redirect({ path: '/orders', permanent: true }) });

// A Network Load Balancer, for a REST API and before the first one.
const net = new elb.NetworkLoadBalancer(stack, 'Net', { vpc, internetFacing: false, crossZoneEnabled: second });
net.addListener('Flows', { port: 80 }).addTargets('Tcp', { port: 80, protocol: elb.Protocol.TCP, targets: [new IpTarget('127.0.0.1', orders.valueAsNumber)] });
const through = net.addListener('Through', { port: 81 });
const ahead = through.addTargets('Ahead', { port: 80, targets: [new AlbListenerTarget(web)], healthCheck: { protocol: elb.Protocol.HTTP } });
ahead.node.addDependency(web);

// A registry: instances by their attributes, and a private zone.
const shop = new map.HttpNamespace(stack, 'Shop', { name: 'shop', description: second ? 'carts' : undefined });
const colors = shop.createService('Colors', { name: 'colors', customHealthCheck: { failureThreshold: 1 } });
colors.registerNonIpInstance('Blue', { customAttributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: orders.valueAsString, color: 'blue' } });
colors.registerNonIpInstance('Green', { customAttributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: users.valueAsString, color: second ? 'lime' : 'green' } });
const zone = new map.PrivateDnsNamespace(stack, 'Zone', { name: 'shop.internal', vpc, description: second ? 'the shop' : undefined });
const named = zone.createService('Named', { name: 'orders', dnsRecordType: map.DnsRecordType.A, dnsTtl: Duration.seconds(second ? 30 : 60), description: second ? 'orders' : undefined });
named.registerIpInstance('One', { ipv4: '127.0.0.1', port: orders.valueAsNumber, instanceId: 'one' });

// The APIs.
const link = new api.VpcLink(stack, 'Link', { vpc, vpcLinkName: second ? 'to the inside' : 'inside', securityGroups: [group('sg-3')] });
const http = new api.HttpApi(stack, 'Api', { apiName: 'inside', defaultIntegration: new HttpAlbIntegration('Alb', web, { vpcLink: link }) });
const color = new HttpServiceDiscoveryIntegration('Colors', colors, { vpcLink: link, parameterMapping: new api.ParameterMapping().overwritePath(api.MappingValue.custom(second ? '/second' : '/first')) });
http.addRoutes({ path: '/colors', methods: [api.HttpMethod.GET], integration: color });
http.addRoutes({ path: '/through/{proxy+}', methods: [api.HttpMethod.ANY], integration: new HttpNlbIntegration('Nlb', through, { vpcLink: link, parameterMapping: new api.ParameterMapping().overwritePath(api.MappingValue.requestPathParam('proxy')) }) });
const old = new rest.VpcLink(stack, 'OldLink', { targets: [net], vpcLinkName: 'net', description: second ? 'the flows' : undefined });
const classic = new rest.RestApi(stack, 'Classic', { restApiName: 'inside', cloudWatchRole: false, endpointTypes: [rest.EndpointType.REGIONAL] });
classic.root.addResource('orders').addMethod('GET', new rest.Integration({ type: rest.IntegrationType.HTTP_PROXY, integrationHttpMethod: 'GET', uri: 'http://orders.internal/' + (second ? 'new' : 'orders'), options: { connectionType: rest.ConnectionType.VPC_LINK, vpcLink: old } }));
Tags.of(stack).add('team', second ? 'red' : 'blue');
new CfnOutput(stack, 'ApiId', { value: http.apiId });
new CfnOutput(stack, 'ClassicId', { value: classic.restApiId });
new CfnOutput(stack, 'FrontName', { value: front.loadBalancerDnsName });
new CfnOutput(stack, 'GroupName', { value: ordersGroup.targetGroupFullName });
new CfnOutput(stack, 'Balancers', { value: ordersGroup.firstLoadBalancerFullName });
new CfnOutput(stack, 'NamespaceArn', { value: shop.namespaceArn });
require('./render')(app.synth().getStackByName('Inside').template);
