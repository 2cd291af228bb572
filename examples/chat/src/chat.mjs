// The chat: one function for all routes of the WebSocket API. Events are handled
// by several processes at once, so what they share is in files: one for each
// connection that is in a room, and one for each room's messages.
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'

const keptMessages = 20 // of a room
const longest = { room: 40, name: 40, text: 2000 } // characters

export async function handler (event) {
  const chat = new Chat(event.requestContext)
  switch (event.requestContext.routeKey) {
    case '$connect': return { statusCode: 200 } // nobody is in a room yet, and nothing can be posted to the connection
    case '$disconnect': await chat.leave(); return { statusCode: 200 }
    case 'join': return { statusCode: 200, body: JSON.stringify(await chat.join(JSON.parse(event.body))) }
    case 'message': return { statusCode: 200, body: JSON.stringify(await chat.say(JSON.parse(event.body))) }
  }
  return { statusCode: 400, body: JSON.stringify({ type: 'error', text: 'send {"action":"join","room":…,"name":…}, then {"action":"message","text":…}' }) }
}

class Chat {
  constructor ({ connectionId, apiId, stage, domainName }) {
    this.me = connectionId
    const folder = path(tmpdir(), `chat-rooms-${apiId}-${stage}`)
    this.people = path(folder, 'people')
    this.rooms = path(folder, 'rooms')
    for (const each of [this.people, this.rooms]) mkdirSync(each, { recursive: true, mode: 0o700 })
    const { INVOKE } = process.env // where the API is served; without it, where AWS serves it
    this.client = new ApiGatewayManagementApiClient({ endpoint: INVOKE ? `${INVOKE}/_aws/execute-api/${apiId}/${stage}` : `https://${domainName}/${stage}` })
  }

  async join ({ room, name }) {
    for (const [what, value] of Object.entries({ room, name })) {
      if (typeof value !== 'string' || !value.trim() || value.length > longest[what]) return { type: 'error', text: `${what}: 1 to ${longest[what]} characters` }
    }
    await this.leave()
    writeFileSync(path(this.people, this.me), JSON.stringify({ room, name }), { mode: 0o600 })
    await this.tell(room, { type: 'joined', name })
    return { type: 'welcome', room, people: this.in(room).map((p) => p.name).sort(), history: this.history(room) }
  }

  async say ({ text }) {
    const me = this.person(this.me)
    if (!me) return { type: 'error', text: 'join a room first' }
    if (typeof text !== 'string' || !text || text.length > longest.text) return { type: 'error', text: `text: 1 to ${longest.text} characters` }
    const message = { type: 'message', name: me.name, text }
    appendFileSync(this.messages(me.room), JSON.stringify(message) + '\n', { mode: 0o600 })
    await this.tell(me.room, message)
    return { type: 'sent' }
  }

  async leave () {
    const me = this.person(this.me)
    if (!me) return
    this.forget(me)
    await this.tell(me.room, { type: 'left', name: me.name })
  }

  // person is who is in a room with a connection.
  person (id) {
    try {
      return { id, ...JSON.parse(readFileSync(path(this.people, id))) }
    } catch {} // in none, or just gone
  }

  in (room) { return readdirSync(this.people).map((id) => this.person(id)).filter((p) => p?.room === room) }

  messages (room) { return path(this.rooms, Buffer.from(room).toString('base64url')) } // a name is never a path

  history (room) {
    try {
      return readFileSync(this.messages(room), 'utf8').trimEnd().split('\n').slice(-keptMessages).map((line) => JSON.parse(line))
    } catch {
      return []
    }
  }

  // forget drops a connection, and with the last one of a room its messages.
  forget ({ id, room }) {
    rmSync(path(this.people, id), { force: true })
    if (!this.in(room).length) rmSync(this.messages(room), { force: true })
  }

  // tell posts to everybody in a room. Who is gone without a word is forgotten.
  async tell (room, what) {
    const Data = JSON.stringify(what)
    await Promise.all(this.in(room).map(async (person) => {
      try {
        await this.client.send(new PostToConnectionCommand({ ConnectionId: person.id, Data }))
      } catch (err) {
        if (err.name === 'GoneException') this.forget(person)
        else console.error(`${person.id}: ${err}`)
      }
    }))
  }
}
