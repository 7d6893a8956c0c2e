// Streams of uvicorn, and its WebSocket.

import { once } from 'node:events'
import WebSocket from 'ws'

import { KOREAN, check, end, equal, everyByte, site } from './checks.mjs'
import { eventsInTurn, send, sha256 } from './requests.mjs'

await check('each event comes before the next is sent', eventsInTurn)

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
