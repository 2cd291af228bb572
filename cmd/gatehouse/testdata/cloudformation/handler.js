exports.check = async e => ({ principalId: 'ann', policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Resource: '*', Effect: e.authorizationToken === 'yes' ? 'Allow' : 'Deny' }] } });
exports.notes = async e => ({ statusCode: 200, body: `${process.env.VERSION} ${e.httpMethod} ${e.path}` });
exports.plain = async e => { if (e.said === 'no') throw new Error('[409] no'); return { who: 'plain', answer: { said: e.said, stage: e.stage, version: process.env.VERSION } }; };
exports.simple = async e => ({ isAuthorized: e.headers['x-pass'] === 'yes', context: { who: 'ann' } });
exports.tasks = async e => ({ version: process.env.VERSION, route: e.routeKey, who: e.requestContext.authorizer?.lambda.who });
