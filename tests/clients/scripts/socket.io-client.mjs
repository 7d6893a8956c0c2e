// socket.io-client in front of two servers of socket.io.

import { io } from 'socket.io-client'

import { Inbox, KOREAN, ask, check, end, equal, everyByte, site } from './checks.mjs'

/// A client that has been welcomed, by which instance and over which transport.
async function connect(options) {
  const [events, numbers] = [new Inbox(), new Inbox()]
  const socket = io(`http://${site.host}`, { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options })
  socket.on('welcome', (instance, transport) => events.put({ instance, transport }))
  socket.on('connect_error', (error) => events.put({ refused: String(error.message) }))
  socket.on('disconnect', (reason) => events.put({ reason }))
  socket.on('number', (number) => numbers.put(number))
  const welcome = await events.find((event) => event.instance)
  return { socket, events, numbers, welcome }
}

const KINDS = [
  ['polling', { transports: ['polling'] }],
  ['websocket', { transports: ['websocket'] }],
]

for (const [kind, options] of KINDS) {
  await check(`${kind}: what is sent is acknowledged`, async () => {
    const { socket, welcome } = await connect(options)
    equal(await socket.emitWithAck('echo', KOREAN), KOREAN)
    const bytes = await socket.emitWithAck('echo', Buffer.from(everyByte(1024)))
    equal(Buffer.compare(Buffer.from(bytes), Buffer.from(everyByte(1024))), 0)
    socket.disconnect()
    return welcome.transport
  })

  await check(`${kind}: 1000 events come in their order`, async () => {
    const { socket, numbers } = await connect(options)
    socket.emit('count', 1000)
    equal(await numbers.take(1000), Array.from({ length: 1000 }, (_, number) => number))
    socket.disconnect()
  })

  await check(`${kind}: 900 kB come back whole`, async () => {
    const { socket } = await connect(options)
    const text = '우유 '.repeat(128_000)
    equal((await socket.emitWithAck('echo', text)) === text, true)
    socket.disconnect()
  })

  await check(`${kind}: the app server ends the session`, async () => {
    const { socket, events } = await connect(options)
    socket.emit('leave')
    return (await events.find((event) => event.reason)).reason
  })

  await check(`${kind}: when its app server is killed it comes back on the other one`, async () => {
    const { socket, events, welcome } = await connect(options)
    await ask('stop', welcome.instance)
    const again = await events.find((event) => event.instance)
    equal([welcome.instance, again.instance].sort(), ['blue', 'green'])
    equal(await socket.emitWithAck('echo', 'back'), 'back')
    socket.disconnect()
    await ask('start', welcome.instance)
  })
}

await check('a session that polls is upgraded to a WebSocket', async () => {
  const { socket } = await connect({})
  const upgraded = new Promise((resolve) => socket.io.engine.once('upgrade', resolve))
  const { name } = socket.io.engine.transport.name === 'websocket' ? socket.io.engine.transport : await upgraded
  equal(await socket.emitWithAck('echo', KOREAN), KOREAN)
  socket.disconnect()
  return name
})

end()
