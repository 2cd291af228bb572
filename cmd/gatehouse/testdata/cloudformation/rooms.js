// A WebSocket API: node rooms.js VERSION writes the template of its first or
// second version. What CDK's constructs of APIs don't have is made of resources.
const { App, Stack, CfnParameter, CfnOutput, Duration, DefaultStackSynthesizer, Fn, Tags } = require('aws-cdk-lib');
const { CfnAccount } = require('aws-cdk-lib/aws-apigateway');
const api = require('aws-cdk-lib/aws-apigatewayv2');
const integrations = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const authorizers = require('aws-cdk-lib/aws-apigatewayv2-authorizers');
const iam = require('aws-cdk-lib/aws-iam');
const lambda = require('aws-cdk-lib/aws-lambda');
const logs = require('aws-cdk-lib/aws-logs');

const second = process.argv[2] === '2';
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Rooms', { synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) });
const backend = new CfnParameter(stack, 'Backend', { default: 'http://backend.example' });
const inline = (id, text) => new lambda.Function(stack, id, { runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', timeout: Duration.seconds(10),
  environment: { GREETING: second ? 'hello again' : 'hello' }, code: lambda.Code.fromInline(text) });
const talk = inline('Talk', `exports.handler = async e => ({statusCode: 200, body: [process.env.GREETING, e.requestContext.eventType, e.requestContext.routeKey, e.requestContext.authorizer?.who, e.stageVariables?.color].join(' ')})`);
const judge = inline('Judge', `exports.handler = async e => ({principalId: 'ann', context: {who: 'ann'}, policyDocument: {Version: '2012-10-17', Statement: [{Action: 'execute-api:Invoke', Resource: e.methodArn, Effect: e.queryStringParameters.pass === 'yes' ? 'Allow' : 'Deny'}]}})`);

const talking = new integrations.WebSocketLambdaIntegration('Talking', talk);
const rooms = new api.WebSocketApi(stack, 'RoomsApi', {
  apiName: 'rooms', description: second ? 'Rooms, changed' : 'Rooms', routeSelectionExpression: '$request.body.action',
  connectRouteOptions: { integration: talking, authorizer: new authorizers.WebSocketLambdaAuthorizer('Pass', judge, { authorizerName: 'pass', identitySource: ['route.request.querystring.pass'] }) },
  disconnectRouteOptions: { integration: talking },
  defaultRouteOptions: { integration: talking, returnResponse: true },
});
const mock = new integrations.WebSocketMockIntegration('Status', { requestTemplates: { ok: '{"statusCode":200}', no: '{"statusCode":400}' }, templateSelectionExpression: '${request.body.say}' });
rooms.addRoute('status', { integration: mock, returnResponse: true });
for (const key of second ? ['say', 'news'] : ['say', 'old']) rooms.addRoute(key, { integration: new integrations.WebSocketLambdaIntegration('Of' + key, talk), returnResponse: true });
const mocked = stack.node.findAll().find(c => c instanceof api.CfnIntegration && c.integrationType === 'MOCK');
for (const [id, key, text] of [['Fine', '$default', second ? 'all is well' : 'fine'], ['Failed', '/4\\d{2}/', 'failed']])
  new api.CfnIntegrationResponse(stack, id, { apiId: rooms.apiId, integrationId: mocked.ref, integrationResponseKey: key, responseTemplates: { text: `${text} $context.connectionId.length()` }, templateSelectionExpression: 'text' });

const passed = new api.CfnIntegration(stack, 'Passed', { apiId: rooms.apiId, integrationType: 'HTTP_PROXY', integrationMethod: 'PUT', integrationUri: Fn.join('', [backend.valueAsString, '/here']), timeoutInMillis: second ? 9000 : 8000,
  requestParameters: { 'integration.request.header.X-Via': 'stageVariables.color' } });
const model = new api.CfnModel(stack, 'Note', { apiId: rooms.apiId, name: 'Note', contentType: 'application/json', schema: { $schema: 'http://json-schema.org/draft-04/schema#', type: 'object', required: second ? ['note', 'by'] : ['note'] } });
const put = new api.CfnRoute(stack, 'Put', { apiId: rooms.apiId, routeKey: 'put', target: Fn.join('/', ['integrations', passed.ref]), routeResponseSelectionExpression: '$default', modelSelectionExpression: '$request.body.action',
  requestModels: { put: 'Note' } });
put.addResourceDependency(model);
new api.CfnRouteResponse(stack, 'PutAnswer', { apiId: rooms.apiId, routeId: put.ref, routeResponseKey: '$default' });

const deployment = new api.CfnDeployment(stack, second ? 'Deployment2' : 'Deployment1', { apiId: rooms.apiId, description: second ? 'second' : 'first' });
for (const c of stack.node.findAll()) if (c instanceof api.CfnRoute || c instanceof api.CfnRouteResponse || c instanceof api.CfnIntegrationResponse) deployment.addResourceDependency(c);
const log = new logs.LogGroup(stack, 'Log');
const account = new CfnAccount(stack, 'Account', { cloudWatchRoleArn: new iam.Role(stack, 'Logs', { assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com') }).roleArn });
const prod = new api.CfnStage(stack, 'Prod', { apiId: rooms.apiId, stageName: 'prod', deploymentId: deployment.ref, description: second ? 'changed' : undefined, stageVariables: { color: second ? 'yellow' : 'green' },
  accessLogSettings: { destinationArn: log.logGroupArn, format: '$context.requestId $context.routeKey $context.status' }, defaultRouteSettings: { throttlingRateLimit: 100, throttlingBurstLimit: second ? 200 : 50, detailedMetricsEnabled: true, loggingLevel: 'ERROR' },
  routeSettings: { say: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 25 } } });
prod.addResourceDependency(account);
const dev = new api.WebSocketStage(stack, 'Dev', { webSocketApi: rooms, stageName: 'dev', autoDeploy: true });
dev.grantManagementApiAccess(new iam.Role(stack, 'Pushes', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }));
Tags.of(rooms).add('team', second ? 'red' : 'blue');
new CfnOutput(stack, 'Api', { value: rooms.apiId });
new CfnOutput(stack, 'Endpoint', { value: rooms.apiEndpoint });
new CfnOutput(stack, 'Url', { value: dev.url });
new CfnOutput(stack, 'Callback', { value: dev.callbackUrl });
require('./render')(app.synth().getStackByName('Rooms').template);
