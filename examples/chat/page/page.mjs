// The page, behind an HTTP API. Its stage variable says which WebSocket API it
// talks to.
import { readFileSync } from 'node:fs'

const page = readFileSync(new URL('index.html', import.meta.url), 'utf8')

export const handler = async ({ stageVariables }) => ({
  statusCode: 200,
  headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self' ws: wss:" },
  body: page.replace('CHAT_API', stageVariables.chat)
})
