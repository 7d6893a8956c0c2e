// @stomp/stompjs over WebSocket, with the document's configuration in front of two brokers.

import { Versions } from '@stomp/stompjs'

import { Inbox, KOREAN, ask, check, end, equal, everyByte, site } from './checks.mjs'
import { receipt, stompAt } from './stomp.mjs'

const { connect, subscribed } = stompAt(`ws://${site.host}/stomp/ws`)

for (const version of ['1.2', '1.1', '1.0']) {
  await check(`connects over STOMP ${version}`, async () => {
    const { client, connected } = await connect({ stompVersions: new Versions([version]) })
    equal(connected.headers.version, version)
    const { protocol } = client.socket
    await client.deactivate()
    return protocol
  })
}

await check('a message in Korean comes back as it was sent', async () => {
  const { client, messages } = await subscribed('/topic/stock')
  client.publish({ destination: '/topic/stock', body: KOREAN, headers: { shelf: 'a:b\nc' } })
  const message = await messages.next()
  equal([message.body, message.headers.shelf], [KOREAN, 'a:b\nc'])
  await client.deactivate()
})

// A correct reader would bring `\\c` back as it was: see findings/stompjs-reads-escapes-twice.sh.
await check('a header with a backslash before a c', async () => {
  const { client, messages } = await subscribed('/topic/stock')
  client.publish({ destination: '/topic/stock', headers: { shelf: '\\c' } })
  const { shelf } = (await messages.next()).headers
  await client.deactivate()
  return `comes back as ${shelf}`
})

await check('a binary message with every byte there is comes back as it was sent', async () => {
  const { client, messages } = await subscribed('/topic/photos')
  const photo = everyByte(256)
  client.publish({ destination: '/topic/photos', binaryBody: photo })
  equal(Array.from((await messages.next()).binaryBody), Array.from(photo))
  await client.deactivate()
})

await check('2 MiB in split frames come back whole', async () => {
  const { client, messages } = await subscribed('/topic/stock', { splitLargeFrames: true })
  const body = '우유 '.repeat(300_000)
  client.publish({ destination: '/topic/stock', body })
  equal((await messages.next()).body === body, true)
  const pieces = await ask('messages', '/stomp/ws')
  await client.deactivate()
  return pieces > 100 ? 'in more than 100 pieces' : `in ${pieces} pieces`
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
  const message = await messages.next()
  message.nack()
  const again = await messages.next()
  equal(again.body, '1')
  again.ack()
  await client.deactivate()
  return `redelivered: ${again.headers.redelivered}`
})

await check('a transaction comes with its COMMIT, and one that is aborted never', async () => {
  const { client, messages } = await subscribed('/topic/stock')
  for (const [body, finish] of [['kept', 'commit'], ['dropped', 'abort']]) {
    const transaction = client.begin()
    client.publish({ destination: '/topic/stock', body, headers: { transaction: transaction.id } })
    client.publish({ destination: '/topic/stock', body: `before ${finish}` })
    transaction[finish]()
  }
  client.publish({ destination: '/topic/stock', body: 'last' })
  const bodies = (await messages.take(4)).map((message) => message.body)
  await client.deactivate()
  return bodies.join(', ')
})

await check('after UNSUBSCRIBE nothing comes', async () => {
  const { client, messages, subscription } = await subscribed('/topic/a')
  subscription.unsubscribe()
  client.publish({ destination: '/topic/a', body: 'unheard' })
  client.subscribe('/topic/b', (message) => messages.put(message))
  client.publish({ destination: '/topic/b', body: 'heard' })
  equal((await messages.next()).body, 'heard')
  await client.deactivate()
})

await check('a login that is refused is told in an ERROR', async () => {
  const { client, first, events } = await connect({ connectHeaders: { login: 'nobody' } })
  const { code } = await events.next()
  await client.deactivate()
  return `${first.error.headers.message}, closed with ${code}`
})

await check('DISCONNECT ends the session', async () => {
  const { client, events } = await connect()
  await client.deactivate()
  const { code } = await events.next()
  return `closed with ${code}`
})

for (const [how, words] of [['stop', 'killed'], ['quit', 'stopped gently']]) {
  await check(`when its app server is ${words} it comes back on the other one, subscribed`, async () => {
    const messages = new Inbox()
    const { client, connected, events } = await connect({
      reconnectDelay: 50,
      subscribe: (client) => client.subscribe('/topic/stock', (message) => messages.put(message.body)),
    })
    const before = connected.headers.instance
    await ask(how, before)
    const { code } = await events.find((event) => event.code)
    const again = (await events.find((event) => event.connected)).connected
    equal([before, again.headers.instance].sort(), ['blue', 'green'])
    client.publish({ destination: '/topic/stock', body: 'back' })
    equal(await messages.next(), 'back')
    await client.deactivate()
    await ask('start', before)
    return `closed with ${code}`
  })
}

end()
