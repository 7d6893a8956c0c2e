// ws, a plain WebSocket client: against the echo of the mock app servers.

import { once } from 'node:events'
import WebSocket from 'ws'

import { Inbox, KOREAN, ask, check, end, equal, everyByte, site } from './checks.mjs'

async function open(query = '', protocols = [], options = {}) {
  const socket = new WebSocket(`ws://${site.host}/stomp/echo${query}`, protocols, options)
  const messages = new Inbox()
  socket.on('message', (data, isBinary) => messages.put(isBinary ? data : data.toString()))
  const closed = once(socket, 'close').then(([code, reason]) => `${code} ${reason}`.trim())
  await once(socket, 'open')
  return { socket, messages, closed }
}

await check('the subprotocol is chosen by the app server', async () => {
  const { socket } = await open('?protocol=v11.stomp', ['v12.stomp', 'v11.stomp'])
  socket.close()
  return socket.protocol
})

await check('text and binary messages come back', async () => {
  const { socket, messages } = await open()
  socket.send(KOREAN)
  socket.send(everyByte(4096))
  equal(await messages.next(), KOREAN)
  equal(Buffer.compare(await messages.next(), Buffer.from(everyByte(4096))), 0)
  socket.close()
})

await check('a message in a thousand fragments comes back whole', async () => {
  const { socket, messages } = await open()
  for (let piece = 0; piece < 1000; piece++) socket.send(`${piece} `, { fin: piece === 999 })
  equal((await messages.next()).split(' ').length, 1001)
  socket.close()
})

await check('a ping is answered', async () => {
  const { socket } = await open()
  socket.ping('hello')
  const [data] = await once(socket, 'pong')
  socket.close()
  return data.toString()
})

await check('the first message may come with the handshake', async () => {
  const socket = new WebSocket(`ws://${site.host}/stomp/echo?greet=hello`)
  const [data] = await once(socket, 'message')
  socket.close()
  return data.toString()
})

await check('10000 messages come while as many are sent', async () => {
  const { socket, messages } = await open('?flood=10000&size=100')
  for (let number = 0; number < 10_000; number++) socket.send('x'.repeat(100))
  const last = (await messages.take(10_000)).at(-1)
  equal(last.trim(), '9999')
  socket.close()
})

await check("the app server's code and reason arrive", async () => (await open(`?close=4001,${encodeURIComponent('다시 로그인')}`)).closed)

await check("the client's code and reason arrive", async () => {
  const { socket, closed } = await open()
  socket.close(4002, '장바구니')
  await closed
  return ask('closed', '/stomp/echo')
})

await check('a refusal arrives with its status', async () => {
  const socket = new WebSocket(`ws://${site.host}/stomp/echo?refuse=403`)
  const [, response] = await once(socket, 'unexpected-response')
  const status = response.statusCode
  response.destroy()
  return status
})

await check('an origin that the app server refuses is refused', async () => {
  const socket = new WebSocket(`ws://${site.host}/stomp/echo`, { origin: 'http://evil.example' })
  const [, response] = await once(socket, 'unexpected-response')
  const status = response.statusCode
  response.destroy()
  return status
})

await check('compression that the app server does not offer is not used', async () => {
  const { socket, messages } = await open('', [], { perMessageDeflate: true })
  socket.send(KOREAN)
  equal(await messages.next(), KOREAN)
  socket.close()
  return `extensions: ${socket.extensions || 'none'}`
})

await check('what an app server drops is dropped', async () => {
  const { closed } = await open()
  for (const name of ['blue', 'green']) {
    await ask('stop', name)
    await ask('start', name)
  }
  return closed
})

end()
