// An HTTP API: node shop.js VERSION writes the template of its first or second
// version.
const { App, Stack, CfnParameter, CfnOutput, Duration, DefaultStackSynthesizer, Fn, Tags, Aws } = require('aws-cdk-lib');
const api = require('aws-cdk-lib/aws-apigatewayv2');
const integrations = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const authorizers = require('aws-cdk-lib/aws-apigatewayv2-authorizers');
const lambda = require('aws-cdk-lib/aws-lambda');
const logs = require('aws-cdk-lib/aws-logs');
const cognito = require('aws-cdk-lib/aws-cognito');

const second = process.argv[2] === '2';
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Shop', { synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) });
const backend = new CfnParameter(stack, 'Backend', { default: 'http://backend.example' });
const inline = (id, text) => new lambda.Function(stack, id, { runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', timeout: Duration.seconds(10),
  environment: { GREETING: second ? 'hello again' : 'hello' }, code: lambda.Code.fromInline(text) });
const hello = inline('Hello', `exports.handler = async e => process.env.GREETING + ' ' + e.version + ' ' + e.routeKey + ' ' + JSON.stringify(e.requestContext.authorizer?.lambda ?? e.requestContext.authorizer?.jwt?.claims?.['cognito:username'] ?? null)`);
const old = inline('Old', `exports.handler = async e => ({statusCode: 201, headers: {'x-old': e.version}, body: e.httpMethod + ' ' + e.path})`);
const judge = inline('Judge', `exports.handler = async e => ({isAuthorized: e.headers['x-pass'] === 'yes', context: {who: 'ann'}})`);

const pool = new cognito.UserPool(stack, 'Pool');
const client = pool.addClient('Web', { authFlows: { adminUserPassword: true }, disableOAuth: true });
const members = new authorizers.HttpUserPoolAuthorizer('Members', pool, { userPoolClients: [client] });
const pass = new authorizers.HttpLambdaAuthorizer('Pass', judge, { authorizerName: 'pass', resultsCacheTtl: Duration.seconds(second ? 30 : 0), identitySource: ['$request.header.X-Pass'],
  responseTypes: [authorizers.HttpLambdaResponseType.SIMPLE] });

const greet = new integrations.HttpLambdaIntegration('Greet', hello);
const shop = new api.HttpApi(stack, 'ShopApi', {
  apiName: 'shop', description: second ? 'The shop, changed' : 'The shop', createDefaultStage: false,
  corsPreflight: { allowOrigins: ['https://shop.example', ...(second ? ['https://new.example'] : [])], allowMethods: [api.CorsHttpMethod.GET, api.CorsHttpMethod.POST], allowHeaders: ['X-Pass'],
    exposeHeaders: ['x-old'], maxAge: Duration.minutes(5), allowCredentials: true },
  defaultIntegration: greet,
});
new api.HttpStage(stack, 'Default', { httpApi: shop, stageName: '$default', autoDeploy: true, description: second ? 'changed' : undefined, stageVariables: { color: second ? 'yellow' : 'green' },
  throttle: { rateLimit: 100, burstLimit: second ? 200 : 50 }, detailedMetricsEnabled: true, accessLogSettings: { destination: new api.LogGroupLogDestination(new logs.LogGroup(stack, 'Log')) } });
shop.addRoutes({ path: '/items', methods: [api.HttpMethod.GET], authorizer: pass, integration: greet });
shop.addRoutes({ path: '/items/{id}', methods: [api.HttpMethod.GET, api.HttpMethod.DELETE], authorizer: members, integration: greet });
shop.addRoutes({ path: '/old/{proxy+}', methods: [api.HttpMethod.ANY], integration: new integrations.HttpLambdaIntegration('Old', old, { payloadFormatVersion: api.PayloadFormatVersion.VERSION_1_0, timeout: Duration.seconds(second ? 9 : 8) }) });
shop.addRoutes({ path: '/proxied', methods: [api.HttpMethod.POST], integration: new integrations.HttpUrlIntegration('Proxied', Fn.join('', [backend.valueAsString, '/here']), { method: api.HttpMethod.PUT,
  parameterMapping: new api.ParameterMapping().overwriteHeader('X-Via', api.MappingValue.custom('gateway ${stageVariables.color}')).appendQueryString('stage', api.MappingValue.contextVariable('stage')) }) });
if (second) shop.addRoutes({ path: '/news', methods: [api.HttpMethod.GET], integration: greet });
else shop.addRoutes({ path: '/gone', methods: [api.HttpMethod.GET], integration: greet });
Tags.of(shop).add('team', second ? 'red' : 'blue');
new CfnOutput(stack, 'Api', { value: shop.apiId });
new CfnOutput(stack, 'Endpoint', { value: shop.apiEndpoint });
new CfnOutput(stack, 'PoolId', { value: pool.userPoolId });
new CfnOutput(stack, 'ClientId', { value: client.userPoolClientId });
require('./render')(app.synth().getStackByName('Shop').template);
