// Streams of uvicorn, and its WebSocket.

import { once } from 'node:events'
import WebSocket from 'ws'

import { KOREAN, check, end, equal, everyByte, site } from './checks.mjs'
import { send, sha256 } from './requests.mjs'

await check('each event comes before the next is sent', async () => {
  const response = await fetch(`http://${site.host}/events`)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  equal((await reader.read()).value, ': open\n\n')
  for (const event of ['1', '2', '3']) {
    await send(`/send/${event}`)
    equal((await reader.read()).value, `data: ${event}\n\n`)
  }
  await send('/send/end')
  equal((await reader.read()).done, true)
  return response.headers.get('transfer-encoding')
})

await check('an upload in chunks arrives whole', async () => {
  const pieces = Array.from({ length: 64 }, () => everyByte(64))
  const { body } = await send('/upload', { method: 'POST', pieces })
  equal(body.toString(), sha256(Buffer.concat(pieces)))
})

await check('an answer that breaks off is not taken for whole', () => send('/broken').then(() => 'whole', (error) => error.message))

await check('a WebSocket', async () => {
  const socket = new WebSocket(`ws://${site.host}/socket`)
  await once(socket, 'open')
  socket.send(KOREAN)
  const [text] = await once(socket, 'message')
  equal(text.toString(), KOREAN)
  socket.close()
  return socket.extensions || 'without compression'
})

end()
