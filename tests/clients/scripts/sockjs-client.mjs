// @stomp/stompjs over sockjs-client, by each transport that Node can do.

import { Client } from '@stomp/stompjs'
import SockJS from 'sockjs-client'

import { Inbox, KOREAN, ask, check, end, equal, site } from './checks.mjs'

const TRANSPORTS = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling']

async function connect(transports, options = {}) {
  const [events, messages] = [new Inbox(), new Inbox()]
  const client = new Client({
    webSocketFactory: () => {
      client.socket = new SockJS(`http://${site.host}/stomp/ws`, null, { transports, timeout: 20_000 })
      return client.socket
    },
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    onConnect: (frame) => {
      client.subscribe('/topic/stock', (message) => messages.put(message.body))
      events.put({ connected: frame.headers })
    },
    onWebSocketClose: ({ code, reason }) => events.put({ code, reason }),
    ...options,
  })
  client.activate()
  const { connected, ...closed } = await events.next()
  if (!connected) throw new Error(JSON.stringify(closed))
  return { client, events, messages, connected }
}

for (const transport of TRANSPORTS) {
  await check(`${transport}: connects, and a message in Korean comes back`, async () => {
    const { client, connected, messages } = await connect(transport)
    client.publish({ destination: '/topic/stock', body: KOREAN })
    equal(await messages.next(), KOREAN)
    const used = client.socket.transport
    await client.deactivate()
    return `STOMP ${connected.version} by ${used}`
  })

  await check(`${transport}: 500 messages come back in their order`, async () => {
    const { client, messages } = await connect(transport)
    const numbers = Array.from({ length: 500 }, (_, number) => String(number))
    for (const body of numbers) client.publish({ destination: '/topic/stock', body })
    equal(await messages.take(500), numbers)
    await client.deactivate()
  })

  await check(`${transport}: 300 KiB come back whole`, async () => {
    const { client, messages } = await connect(transport)
    const body = '우유 '.repeat(44_000)
    client.publish({ destination: '/topic/stock', body })
    equal((await messages.next()) === body, true)
    // A stream has ended after that much; the session has not.
    client.publish({ destination: '/topic/stock', body: 'and on' })
    equal(await messages.next(), 'and on')
    await client.deactivate()
  })

  await check(`${transport}: when its app server is killed it comes back on the other one`, async () => {
    const { client, connected, events, messages } = await connect(transport, { reconnectDelay: 50 })
    client.publish({ destination: '/topic/stock', body: 'there' })
    equal(await messages.next(), 'there')
    await ask('stop', connected.instance)
    // Node's sockjs-client takes a stream that breaks off for one that is silent; whoever sends finds out.
    if (transport === 'xhr-streaming') client.publish({ destination: '/topic/stock', body: 'lost' })
    const { code } = await events.find((event) => event.code)
    const again = (await events.find((event) => event.connected)).connected
    equal([connected.instance, again.instance].sort(), ['blue', 'green'])
    client.publish({ destination: '/topic/stock', body: 'back' })
    equal(await messages.next(), 'back')
    await client.deactivate()
    await ask('start', connected.instance)
    return `closed with ${code}`
  })
}

await check('with every transport to choose from', async () => {
  const { client } = await connect(undefined)
  const used = client.socket.transport
  await client.deactivate()
  return used
})

end()
