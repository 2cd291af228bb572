// A Lambda authorizer: "Bearer ann" may read notes 1 to 9 of tenant blue, and
// nothing else. A token of nobody is refused with 401.
const tenants = { ann: 'blue', bob: 'green' };

export const handler = async (event) => {
  const user = event.authorizationToken.slice('Bearer '.length);
  if (!(user in tenants)) {
    throw new Error('Unauthorized'); // these very words are 401; any others 500
  }
  console.log('asked for', user);
  const stage = event.methodArn.split('/').slice(0, 2).join('/');
  return {
    principalId: user,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: `${stage}/GET/notes/?` }],
    },
    context: { tenant: tenants[user] },
  };
};
