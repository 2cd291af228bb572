// An OpenID Connect provider for tests: prints its issuer's URL, makes a new
// signing key for each line on its standard input, and ends with it.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import Provider from 'oidc-provider'

const keys = []
let issuer, handle

function rotate() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = `key-${keys.length + 1}`
  keys.unshift({ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' })
  handle = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['of-a-test'] },
    pkce: { required: () => true },
    clients: [
      { client_id: 'machine', client_secret: 'machine-secret', grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
      { client_id: 'app', token_endpoint_auth_method: 'none', application_type: 'native', grant_types: ['authorization_code'],
        response_types: ['code'], redirect_uris: ['http://127.0.0.1/callback'] },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, audience) => ({
          audience, scope: 'notes/read notes/write', accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  }).callback()
  return kid
}

const server = createServer((request, response) => handle(request, response))
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`
  rotate()
  console.log(issuer)
})
const lines = createInterface({ input: process.stdin })
lines.on('line', () => console.log(rotate()))
lines.on('close', () => process.exit(0))
