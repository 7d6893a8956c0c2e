// @stomp/stompjs in front of two nodes of RabbitMQ with Web-STOMP.

import { Inbox, KOREAN, ask, check, end, equal, everyByte, site } from './checks.mjs'
import { receipt, stompAt } from './stomp.mjs'

const { connect, subscribed } = stompAt(`ws://${site.host}/ws`, (events) => ({
  connectHeaders: { login: 'guest', passcode: 'guest', host: '/' },
  onHeartbeatReceived: () => events.put({ beat: true }),
}))

await check('connects', async () => {
  const { client, first } = await connect()
  await client.deactivate()
  return `STOMP ${first.connected.headers.version}`
})

await check('a message in Korean comes back as it was sent', async () => {
  const { client, messages } = await subscribed('/topic/stock')
  client.publish({ destination: '/topic/stock', body: KOREAN, headers: { shelf: 'a:b\nc' } })
  const message = await messages.next()
  equal([message.body, message.headers.shelf], [KOREAN, 'a:b\nc'])
  await client.deactivate()
})

// It sends text frames unless `web_stomp.ws_frame = binary` is set, and what is no text ends the session.
await check('a binary message with every byte there is', async () => {
  const { client, events, messages } = await subscribed('/topic/photos')
  client.publish({ destination: '/topic/photos', binaryBody: everyByte(1) })
  const seen = await Promise.race([messages.next().then(() => 'comes back'), events.find((event) => event.code).then(({ code }) => `closed with ${code}`)])
  await client.deactivate()
  return seen
})

await check('2 MiB in split frames come back whole', async () => {
  const { client, messages } = await subscribed('/topic/stock', { splitLargeFrames: true })
  const body = '우유 '.repeat(300_000)
  client.publish({ destination: '/topic/stock', body })
  equal((await messages.next()).body === body, true)
  await client.deactivate()
})

await check('1000 messages come back in their order', async () => {
  const { client, messages } = await subscribed('/topic/stock')
  const numbers = Array.from({ length: 1000 }, (_, number) => String(number))
  for (const body of numbers) client.publish({ destination: '/topic/stock', body })
  equal((await messages.take(1000)).map((message) => message.body), numbers)
  await client.deactivate()
})

await check('a receipt comes back', async () => {
  const { client } = await connect()
  const frame = await receipt(client, (headers) => client.publish({ destination: '/topic/a', headers }))
  await client.deactivate()
  return frame.command
})

await check('an ACK is taken', async () => {
  const { client, messages } = await subscribed('/queue/ack', { headers: { ack: 'client-individual' } })
  client.publish({ destination: '/queue/ack', body: '1' })
  const message = await messages.next()
  const frame = await receipt(client, (headers) => message.ack(headers))
  await client.deactivate()
  return frame.command
})

await check('what was refused by NACK comes again', async () => {
  const { client, messages } = await subscribed('/queue/nack', { headers: { ack: 'client-individual' } })
  client.publish({ destination: '/queue/nack', body: '1' })
  ;(await messages.next()).nack()
  const again = await messages.next()
  again.ack()
  await client.deactivate()
  return `redelivered: ${again.headers.redelivered}`
})

await check('a transaction comes with its COMMIT, and one that is aborted never', async () => {
  const { client, messages } = await subscribed('/topic/stock')
  for (const [body, finish] of [['kept', 'commit'], ['dropped', 'abort']]) {
    const transaction = client.begin()
    client.publish({ destination: '/topic/stock', body, headers: { transaction: transaction.id } })
    transaction[finish]()
  }
  client.publish({ destination: '/topic/stock', body: 'last' })
  const bodies = (await messages.take(2)).map((message) => message.body)
  await client.deactivate()
  return bodies.join(', ')
})

await check('a login that is refused is told in an ERROR', async () => {
  const { client, first } = await connect({ connectHeaders: { login: 'guest', passcode: 'wrong', host: '/' } })
  // It does not close then, as STOMP 1.2 has it; nobody waits for that.
  await client.deactivate({ force: true })
  return first.error.headers.message
})

await check('heart-beats come', async () => {
  const { client, events } = await connect({ heartbeatIncoming: 1000, heartbeatToleranceMultiplier: 20 })
  await events.find((event) => event.beat)
  await client.deactivate()
})

await check('DISCONNECT ends the session', async () => {
  const { client, events } = await connect()
  await client.deactivate()
  return `closed with ${(await events.find((event) => event.code)).code}`
})

await check('when its node is killed it comes back on the other one, subscribed', async () => {
  const messages = new Inbox()
  const { client, events } = await connect({
    reconnectDelay: 50,
    subscribe: (client) => client.subscribe('/topic/stock', (message) => messages.put(message.body)),
  })
  await ask('stop', 'blue')
  const { code } = await events.find((event) => event.code)
  await events.find((event) => event.connected)
  client.publish({ destination: '/topic/stock', body: 'back' })
  equal(await messages.next(), 'back')
  await client.deactivate()
  return `closed with ${code}`
})

end()
