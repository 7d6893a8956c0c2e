// sockjs-client in front of sockjs-node, by each transport that Node can do.

import SockJS from 'sockjs-client'

import { Inbox, KOREAN, ask, check, end, equal, site } from './checks.mjs'

async function open(transports) {
  const [messages, closed] = [new Inbox(), new Inbox()]
  const socket = new SockJS(`http://${site.host}/sockjs`, null, { transports, timeout: 20_000 })
  const opened = new Inbox()
  socket.onopen = () => opened.put(null)
  socket.onmessage = ({ data }) => messages.put(data)
  socket.onclose = ({ code, reason }) => {
    opened.put(new Error(`closed with ${code} ${reason}`))
    closed.put(`${code} ${reason}`)
  }
  const error = await opened.next()
  if (error) throw error
  return { socket, messages, closed }
}

for (const transport of ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling']) {
  await check(`${transport}: what is sent comes back`, async () => {
    const { socket, messages } = await open(transport)
    const texts = [KOREAN, ...Array.from({ length: 300 }, (_, number) => String(number)), 'x'.repeat(200_000)]
    for (const text of texts) socket.send(text)
    equal(await messages.take(texts.length), texts)
    const used = socket.transport
    socket.close()
    return `by ${used}`
  })

  await check(`${transport}: the app server's code and reason arrive`, async () => {
    const { socket, closed } = await open(transport)
    socket.send('leave')
    return closed.next()
  })

  await check(`${transport}: a session ends with its app server`, async () => {
    const { socket, messages, closed } = await open(transport)
    socket.send('who?')
    const name = await messages.next()
    await ask('stop', name)
    // Node's sockjs-client takes a stream that breaks off for one that is silent; whoever sends finds out.
    if (transport === 'xhr-streaming') socket.send('anybody?')
    const told = await closed.next()
    await ask('start', name)
    return `closed with ${told.split(' ')[0]}`
  })
}

end()
