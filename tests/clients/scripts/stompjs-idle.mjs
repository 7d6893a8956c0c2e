// @stomp/stompjs behind a proxy that ends a tunnel after 5 s of silence.

import { Client } from '@stomp/stompjs'
import WebSocket from 'ws'

import { Inbox, check, end, site } from './checks.mjs'

/// A client with a heart-beat of so many milliseconds; what happens to it.
function connect(heartbeat) {
  const events = new Inbox()
  const client = new Client({
    webSocketFactory: () => new WebSocket(`ws://${site.host}/stomp/ws`, ['v12.stomp']),
    reconnectDelay: 0,
    heartbeatIncoming: heartbeat,
    heartbeatOutgoing: heartbeat,
    // A busy machine is not what is tested.
    heartbeatToleranceMultiplier: 10,
    onConnect: () => events.put('connected'),
    onHeartbeatReceived: () => events.put('heart-beat'),
    onWebSocketClose: ({ code }) => events.put(`closed with ${code}`),
  })
  client.activate()
  return { client, events }
}

await check('heart-beats hold a session for longer than proxy_read_timeout', async () => {
  const { client, events } = connect(2000)
  const seen = await events.take(5)
  await client.deactivate()
  return `${seen[0]}, then ${seen.filter((event) => event === 'heart-beat').length} heart-beats`
})

await check('without heart-beats a silent session is ended', async () => {
  const { client, events } = connect(0)
  const seen = await events.take(2)
  await client.deactivate()
  return seen.join(', ')
})

end()
