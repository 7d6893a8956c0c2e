// graphql-ws in front of its own server, and ws with compression.

import { createClient } from 'graphql-ws'
import { once } from 'node:events'
import WebSocket from 'ws'

import { Inbox, KOREAN, ask, check, end, equal, site } from './checks.mjs'

const url = `ws://${site.host}/graphql`

/// The results of an operation.
async function results(client, operation) {
  const found = []
  for await (const result of client.iterate(operation)) found.push(result.data)
  return found
}

const ECHO = { query: 'query ($text: String) { echo(text: $text) }', variables: { text: KOREAN } }

await check('a query is answered', async () => {
  let protocol
  const client = createClient({ url, webSocketImpl: WebSocket, on: { opened: (socket) => (protocol = socket.protocol) } })
  equal(await results(client, ECHO), [{ echo: KOREAN }])
  await client.dispose()
  return protocol
})

await check('a subscription brings all there is', async () => {
  const client = createClient({ url, webSocketImpl: WebSocket })
  const found = await results(client, { query: 'subscription { numbers(count: 1000) }' })
  equal(found.map((data) => data.numbers), Array.from({ length: 1000 }, (_, number) => number))
  await client.dispose()
})

await check('pings are answered', async () => {
  const pongs = new Inbox()
  const on = { pong: (received) => pongs.put(received) }
  const client = createClient({ url, webSocketImpl: WebSocket, lazy: false, keepAlive: 50, on })
  const [received] = await pongs.take(3)
  await client.dispose()
  return `pong received: ${received}`
})

await check('whom the app server does not want it closes with its code', async () => {
  const closed = new Inbox()
  const on = { closed: ({ code, reason }) => closed.put(`${code} ${reason}`) }
  const connectionParams = { token: 'wrong' }
  const client = createClient({ url, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0, connectionParams, on, onNonLazyError: () => {} })
  const seen = await closed.next()
  await client.dispose()
  return seen
})

await check('a client of another protocol is refused', async () => {
  const seen = new Inbox()
  const socket = new WebSocket(url, 'graphql-ws')
  socket.on('error', (error) => seen.put(error.message))
  socket.on('close', (code, reason) => seen.put(`${code} ${reason}`))
  return seen.next()
})

await check('when its app server is killed the next query is answered by the other one', async () => {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 5, retryWait: async () => {} })
  const who = async () => (await results(client, { query: '{ instance }' }))[0].instance
  const before = await who()
  await ask('stop', before)
  const after = await who()
  equal([before, after].sort(), ['blue', 'green'])
  await client.dispose()
  await ask('start', before)
})

await check('compression is agreed upon by client and app server', async () => {
  const socket = new WebSocket(`ws://${site.host}/echo`, { perMessageDeflate: true })
  await once(socket, 'open')
  socket.send('우유 '.repeat(10_000))
  const [data] = await once(socket, 'message')
  equal(data.toString().length, 30_000)
  socket.close()
  return socket.extensions
})

end()
