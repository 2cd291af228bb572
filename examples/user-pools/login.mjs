// Signs ann in by SRP, twice: with the library for browsers, and with the AWS
// SDK's own commands. Calls the API with the tokens.
import { CognitoIdentityProviderClient, GetUserCommand, InitiateAuthCommand, RespondToAuthChallengeCommand } from '@aws-sdk/client-cognito-identity-provider'
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js'
import AuthenticationHelper from 'amazon-cognito-identity-js/lib/AuthenticationHelper.js'
import BigInteger from 'amazon-cognito-identity-js/lib/BigInteger.js'
import { createHmac } from 'node:crypto'

const { POOL, APP, API, AWS_ENDPOINT_URL: endpoint, INVOKE = 'http://127.0.0.1:8080' } = process.env
const [Username, Password] = [process.env.USERNAME ?? 'ann', process.env.PASSWORD ?? 'Correct-Horse-1']

// As a page in a browser signs in.
const library = () => new Promise((onSuccess, onFailure) => {
  const user = new CognitoUser({ Username, Pool: new CognitoUserPool({ UserPoolId: POOL, ClientId: APP, endpoint }) })
  user.authenticateUser(new AuthenticationDetails({ Username, Password }), {
    onSuccess, onFailure,
    newPasswordRequired: (attributes) => user.completeNewPasswordChallenge(process.env.NEW_PASSWORD, {}, { onSuccess, onFailure }),
  })
})

// As a program with the AWS SDK does. It signs none of these calls.
const sdk = new CognitoIdentityProviderClient({ endpoint, region: 'us-east-1' })
async function commands () {
  const name = POOL.split('_')[1]
  const helper = new AuthenticationHelper.default(name)
  const SRP_A = await new Promise((resolve, reject) => helper.getLargeAValue((err, a) => err ? reject(err) : resolve(a.toString(16))))
  const { ChallengeName, ChallengeParameters: p } = await sdk.send(new InitiateAuthCommand({
    ClientId: APP, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME: Username, SRP_A },
  }))
  const big = (hex) => new BigInteger.default(hex, 16)
  const key = await new Promise((resolve, reject) => helper.getPasswordAuthenticationKey(p.USER_ID_FOR_SRP, Password, big(p.SRP_B), big(p.SALT),
    (err, k) => err ? reject(err) : resolve(k)))
  const TIMESTAMP = new Date().toUTCString().replace(/^(\w+), 0?(\d+) (\w+) (\d+) (\S+) GMT$/, '$1 $3 $2 $5 UTC $4')
  const signature = createHmac('sha256', key).update(name + p.USER_ID_FOR_SRP).update(Buffer.from(p.SECRET_BLOCK, 'base64')).update(TIMESTAMP).digest('base64')
  const { AuthenticationResult } = await sdk.send(new RespondToAuthChallengeCommand({
    ClientId: APP, ChallengeName,
    ChallengeResponses: { USERNAME: p.USER_ID_FOR_SRP, PASSWORD_CLAIM_SECRET_BLOCK: p.SECRET_BLOCK, PASSWORD_CLAIM_SIGNATURE: signature, TIMESTAMP },
  }))
  return AuthenticationResult
}

const call = async (path, token) => {
  const answer = await fetch(`${INVOKE}/_aws/execute-api/${API}/dev${path}`, { headers: { Authorization: token } })
  console.log(path, answer.status, (await answer.text()).trim())
}

const session = await library()
await call('/me', session.getIdToken().getJwtToken())
const tokens = await commands()
await call('/me', `Bearer ${tokens.IdToken}`)
await call('/notes', tokens.AccessToken)
await call('/me', tokens.AccessToken)
await call('/me', 'no token')
const me = await sdk.send(new GetUserCommand({ AccessToken: tokens.AccessToken }))
console.log('user', me.Username, me.UserAttributes.find((a) => a.Name === 'email').Value)
