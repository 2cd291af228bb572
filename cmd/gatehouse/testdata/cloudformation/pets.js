// A REST API of an OpenAPI document: node pets.js VERSION writes the template
// of its first or second version.
const { App, Stack, CfnParameter, CfnCondition, CfnOutput, Duration, DefaultStackSynthesizer, Fn, Tags, Aws } = require('aws-cdk-lib');
const api = require('aws-cdk-lib/aws-apigateway');
const lambda = require('aws-cdk-lib/aws-lambda');
const iam = require('aws-cdk-lib/aws-iam');
const acm = require('aws-cdk-lib/aws-certificatemanager');

const second = process.argv[2] === '2';
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Pets', { synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) });
const certificate = new CfnParameter(stack, 'Certificate', { default: 'arn:aws:acm:us-east-1:000000000000:certificate/pets' });
const cached = new CfnParameter(stack, 'Cached', { default: 'yes', allowedValues: ['yes', 'no'] });
const isCached = new CfnCondition(stack, 'IsCached', { expression: Fn.conditionAnd(Fn.conditionEquals(cached, 'yes'), Fn.conditionNot(Fn.conditionEquals(Aws.REGION, 'eu-west-9'))) });

const pets = new lambda.Function(stack, 'Handler', { runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler',
  code: lambda.Code.fromInline(`exports.handler = async e => ({statusCode: 200, body: JSON.stringify({pet: e.pathParameters.id, version: ${second ? 2 : 1}, stage: e.stageVariables})})`) });
const alias = new lambda.Alias(stack, 'Alias', { aliasName: 'live', version: pets.currentVersion });
alias.addPermission('Api', { principal: new iam.ServicePrincipal('apigateway.amazonaws.com'), sourceArn: Fn.sub('arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:*/*') });

const uri = Fn.sub('arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations', { Function: alias.functionArn });
const mock = (body, status = '200') => ({ type: 'mock', requestTemplates: { 'application/json': `{"statusCode": ${status}}` }, responses: { default: { statusCode: status, responseTemplates: { 'application/json': body } } } });
const responses = { 200: { description: 'fine', content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } } } };
const document = {
  openapi: '3.0.1', info: { title: 'pets', version: second ? '2.0' : '1.0', description: 'Pets' },
  paths: {
    '/pets/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: { operationId: 'GetPet', responses, 'x-amazon-apigateway-integration': { type: 'aws_proxy', httpMethod: 'POST', uri, timeoutInMillis: second ? 9000 : 8000 } },
      put: { responses, 'x-amazon-apigateway-request-validator': 'body', requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } } },
        'x-amazon-apigateway-integration': mock('{"put": true}') },
    },
    '/ping': { get: { security: [{ key: [] }], responses, 'x-amazon-apigateway-integration': mock('{"pong": "$stageVariables.color"}') } },
    ...(second && { '/more': { get: { responses, 'x-amazon-apigateway-integration': mock('{"more": true}') } } }),
  },
  components: {
    securitySchemes: { key: { type: 'apiKey', name: 'x-api-key', in: 'header' } },
    schemas: { Pet: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, ...(second && { age: { type: 'integer' } }) } } },
  },
  'x-amazon-apigateway-request-validators': { body: { validateRequestBody: true, validateRequestParameters: false } },
  'x-amazon-apigateway-gateway-responses': { BAD_REQUEST_BODY: { statusCode: 422, responseTemplates: { 'application/json': '{"wrong": $context.error.messageString}' } } },
};
const rest = new api.SpecRestApi(stack, 'PetsApi', {
  apiDefinition: api.ApiDefinition.fromInline(document), restApiName: 'pets', endpointTypes: [api.EndpointType.REGIONAL], cloudWatchRole: false, failOnWarnings: true,
  policy: new iam.PolicyDocument({ statements: [
    new iam.PolicyStatement({ actions: ['execute-api:Invoke'], principals: [new iam.AnyPrincipal()], resources: ['execute-api:/*'] }),
    new iam.PolicyStatement({ effect: iam.Effect.DENY, actions: ['execute-api:Invoke'], principals: [new iam.AnyPrincipal()], resources: ['execute-api:/*'], conditions: { IpAddress: { 'aws:SourceIp': second ? ['203.0.113.0/24', '198.51.100.0/24'] : ['203.0.113.0/24'] } } }),
  ] }),
  deployOptions: { stageName: 'v1', cachingEnabled: true, cacheClusterSize: '0.5', cacheTtl: Duration.seconds(30), cacheDataEncrypted: true, variables: { color: 'green' }, throttlingRateLimit: 1000, throttlingBurstLimit: 500 },
});
const stage = rest.deploymentStage.node.defaultChild;
const towards = new api.CfnClientCertificate(stack, 'Towards', {});
stage.clientCertificateId = towards.attrClientCertificateId;
stage.addPropertyOverride('CacheClusterEnabled', Fn.conditionIf(isCached.logicalId, true, false));
stage.canarySetting = { deploymentId: rest.latestDeployment.deploymentId, percentTraffic: second ? 100 : 0, stageVariableOverrides: { color: 'yellow' }, useStageCache: false };
Tags.of(rest).add('team', second ? 'red' : 'blue');
const key = rest.addApiKey('Key', { value: 'a-key-of-the-pets-api-1' });
const plan = rest.addUsagePlan('Plan', { name: 'pets', apiStages: [{ stage: rest.deploymentStage }] });
plan.addApiKey(key);

const domain = new api.DomainName(stack, 'Domain', { domainName: 'pets.example.com', endpointType: api.EndpointType.REGIONAL, securityPolicy: api.SecurityPolicy.TLS_1_2,
  certificate: acm.Certificate.fromCertificateArn(stack, 'Imported', certificate.valueAsString) });
domain.addBasePathMapping(rest, { basePath: second ? 'animals' : 'pets', stage: rest.deploymentStage });
new api.CfnVpcLink(stack, 'Link', { name: 'inside', description: second ? 'the load balancer, changed' : 'the load balancer', targetArns: [`arn:aws:elasticloadbalancing:${Aws.REGION}:${Aws.ACCOUNT_ID}:loadbalancer/net/inside/50dc6c495c0c9188`] });
const absent = new api.CfnApiKey(stack, 'Absent', { name: 'never' });
absent.cfnOptions.condition = new CfnCondition(stack, 'Never', { expression: Fn.conditionOr(Fn.conditionNot(Fn.conditionEquals(cached, 'yes')), Fn.conditionEquals(Aws.PARTITION, 'nowhere')) });
new CfnOutput(stack, 'Api', { value: rest.restApiId });
new CfnOutput(stack, 'DomainTarget', { value: domain.domainNameAliasDomainName });
require('./render')(app.synth().getStackByName('Pets').template);
