// A REST API of resources and methods: node orders.js VERSION writes the
// template of its first or second version.
const { App, Stack, CfnParameter, CfnOutput, Duration, DefaultStackSynthesizer, Fn } = require('aws-cdk-lib');
const api = require('aws-cdk-lib/aws-apigateway');
const lambda = require('aws-cdk-lib/aws-lambda');
const logs = require('aws-cdk-lib/aws-logs');
const cognito = require('aws-cdk-lib/aws-cognito');

const second = process.argv[2] === '2';
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Orders', { synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) });
const backend = new CfnParameter(stack, 'Backend', { default: 'http://backend.example' });

const inline = (id, text) => new lambda.Function(stack, id, { runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', timeout: Duration.seconds(10),
  environment: { GREETING: second ? 'hello again' : 'hello' }, code: lambda.Code.fromInline(text) });
const hello = inline('Hello', `exports.handler = async e => ({statusCode: 200, headers: {'X-Stage': e.requestContext.stage}, body: process.env.GREETING + ' ' + e.path + ' ' + (e.requestContext.authorizer?.principalId ?? '-')})`);
const judge = inline('Judge', `exports.handler = async e => ({principalId: 'ann', policyDocument: {Version: '2012-10-17', Statement: [{Action: 'execute-api:Invoke', Resource: '*',
  Effect: (e.authorizationToken ?? e.headers['X-Pass']) === 'yes' ? 'Allow' : 'Deny'}]}})`);

const orders = new api.RestApi(stack, 'OrdersApi', {
  restApiName: 'orders', description: second ? 'Orders, changed' : 'Orders',
  endpointTypes: [api.EndpointType.REGIONAL], binaryMediaTypes: ['image/png', 'application/pdf'], minCompressionSize: { toBytes: () => 2048, isUnresolved: () => false },
  apiKeySourceType: api.ApiKeySourceType.HEADER, cloudWatchRole: true,
  defaultCorsPreflightOptions: { allowOrigins: ['https://shop.example'], allowMethods: ['GET', 'POST'], maxAge: Duration.minutes(5), allowCredentials: true },
  deployOptions: {
    stageName: 'live', description: 'What customers see', variables: { backend: 'blue', ...(second && { extra: 'yes' }) },
    loggingLevel: api.MethodLoggingLevel.INFO, dataTraceEnabled: false, metricsEnabled: true, tracingEnabled: false,
    throttlingBurstLimit: second ? 200 : 100, throttlingRateLimit: 50.5,
    accessLogDestination: new api.LogGroupLogDestination(new logs.LogGroup(stack, 'AccessLog')),
    accessLogFormat: api.AccessLogFormat.jsonWithStandardFields(),
    methodOptions: { '/items/{id}/GET': { throttlingRateLimit: 10, throttlingBurstLimit: 20, loggingLevel: api.MethodLoggingLevel.ERROR } },
  },
});

const token = new api.TokenAuthorizer(stack, 'Token', { handler: judge, resultsCacheTtl: Duration.seconds(second ? 60 : 0), validationRegex: '^(yes|no)$' });
const request = new api.RequestAuthorizer(stack, 'Request', { handler: judge, resultsCacheTtl: Duration.seconds(0), identitySources: [api.IdentitySource.header('X-Pass')] });
const pool = new cognito.UserPool(stack, 'Pool');
const client = pool.addClient('Web', { authFlows: { adminUserPassword: true }, disableOAuth: true });
const members = new api.CognitoUserPoolsAuthorizer(stack, 'Members', { cognitoUserPools: [pool] });

const item = orders.addModel('ItemModel', { modelName: 'Item', contentType: 'application/json', description: second ? 'an item' : undefined, schema: {
  schema: api.JsonSchemaVersion.DRAFT4, title: 'Item', type: api.JsonSchemaType.OBJECT, required: ['name'],
  properties: { name: { type: api.JsonSchemaType.STRING, minLength: 1 }, count: { type: api.JsonSchemaType.INTEGER } } } });
const validator = orders.addRequestValidator('Strict', { requestValidatorName: 'strict', validateRequestBody: true, validateRequestParameters: true });
orders.addGatewayResponse('Denied', { type: api.ResponseType.ACCESS_DENIED, statusCode: '404', responseHeaders: { 'X-Why': "'denied'" },
  templates: { 'application/json': second ? '{"message":"nothing here, sorry"}' : '{"message":"nothing here"}' } });
orders.addGatewayResponse('Bad', { type: api.ResponseType.DEFAULT_4XX, responseHeaders: { 'Access-Control-Allow-Origin': "'https://shop.example'" } });

const proxy = new api.LambdaIntegration(hello);
const items = orders.root.addResource('items');
items.addMethod('GET', proxy, { authorizer: token, operationName: 'ListItems' });
items.addMethod('POST', proxy, { requestModels: { 'application/json': item }, requestValidator: validator, requestParameters: { 'method.request.header.X-Trace': true, 'method.request.querystring.dry': false } });
const one = items.addResource('{id}');
one.addMethod('GET', proxy, { authorizer: request });
one.addMethod('DELETE', proxy, { apiKeyRequired: true });
one.addMethod('PATCH', proxy, { authorizer: members });
orders.root.addResource('version').addMethod('GET', new api.MockIntegration({
  passthroughBehavior: api.PassthroughBehavior.NEVER,
  requestTemplates: { 'application/json': '{"statusCode": #if($input.params("fail") == "1") 500 #else 200 #end}' },
  integrationResponses: [
    { statusCode: '200', responseParameters: { 'method.response.header.X-Stage': 'context.stage' }, responseTemplates: { 'application/json': `{"version": ${second ? 2 : 1}, "backend": "$stageVariables.backend"}` } },
    { statusCode: '500', selectionPattern: '5\\d{2}', responseTemplates: { 'application/json': '{"failed": true}' } }],
}), { methodResponses: [{ statusCode: '200', responseModels: { 'application/json': item }, responseParameters: { 'method.response.header.X-Stage': true } }, { statusCode: '500' }] });
const http = orders.root.addResource('http').addResource('{proxy+}');
http.addMethod('ANY', new api.HttpIntegration(Fn.join('', [backend.valueAsString, '/{proxy}']), { httpMethod: 'ANY', proxy: true, options: { timeout: Duration.seconds(second ? 4 : 5),
  requestParameters: { 'integration.request.path.proxy': 'method.request.path.proxy', 'integration.request.header.X-Via': "'gateway'" } } }),
  { requestParameters: { 'method.request.path.proxy': true } });
orders.root.addResource('plain').addMethod('POST', new api.HttpIntegration(Fn.join('', [backend.valueAsString, '/plain']), { httpMethod: 'POST', proxy: false, options: {
  passthroughBehavior: api.PassthroughBehavior.WHEN_NO_TEMPLATES, contentHandling: api.ContentHandling.CONVERT_TO_TEXT,
  requestTemplates: { 'application/json': '{"got": $input.json("$")}' }, cacheKeyParameters: [], integrationResponses: [{ statusCode: '200' }] } }), { methodResponses: [{ statusCode: '200' }] });
if (second) orders.root.addResource('news').addMethod('GET', proxy);
else orders.root.addResource('old').addMethod('GET', proxy);

const key = orders.addApiKey('Key', { apiKeyName: 'partner', value: 'a-partner-key-of-twenty', description: second ? 'of our partner' : 'of a partner' });
const plan = orders.addUsagePlan('Plan', { name: 'partners', description: 'for partners', throttle: { rateLimit: second ? 40 : 20, burstLimit: 40 }, quota: { limit: 10000, period: api.Period.MONTH } });
plan.addApiKey(key);
plan.addApiStage({ stage: orders.deploymentStage, throttle: [{ method: one.node.findChild('DELETE'), throttle: { rateLimit: second ? 7 : 5, burstLimit: 10 } }] });

new api.CfnDocumentationPart(stack, 'ItemsDoc', { restApiId: orders.restApiId, location: { type: 'RESOURCE', path: '/items' }, properties: JSON.stringify({ description: second ? 'All the items' : 'Items' }) });
new api.CfnDocumentationVersion(stack, 'Docs', { restApiId: orders.restApiId, documentationVersion: second ? '2' : '1', description: 'published' }).addResourceDependency(stack.node.findChild('ItemsDoc'));
new api.CfnClientCertificate(stack, 'Certificate', { description: second ? 'towards backends, changed' : 'towards backends' });
new CfnOutput(stack, 'Url', { value: orders.url });
new CfnOutput(stack, 'PoolId', { value: pool.userPoolId });
new CfnOutput(stack, 'ClientId', { value: client.userPoolClientId });
new CfnOutput(stack, 'Api', { value: orders.restApiId });
require('./render')(app.synth().getStackByName('Orders').template);
