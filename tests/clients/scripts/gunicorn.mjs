// Streams of gunicorn, as its client speaks HTTP/1.1 or 1.0, and uploads to it.

import { check, end, equal, everyByte } from './checks.mjs'
import { eventsInTurn, send, sha256 } from './requests.mjs'

await check('each event comes before the next is sent', eventsInTurn)

await check('an upload with its length arrives whole', async () => {
  const body = everyByte(2048)
  const headers = { 'Content-Length': body.length }
  equal((await send('/upload', { method: 'POST', body, headers })).body.toString(), sha256(body))
})

await check('an upload in chunks arrives whole', async () => {
  const pieces = Array.from({ length: 64 }, () => everyByte(64))
  equal((await send('/upload', { method: 'POST', pieces })).body.toString(), sha256(Buffer.concat(pieces)))
})

await check('an answer that breaks off is not taken for whole', () => send('/broken').then(() => 'whole', (error) => error.message))

await check('the app is told whom it answers', async () => (await send('/address')).body.toString())

await check('twenty answers, one after the other', async () => {
  for (let nth = 0; nth < 20; nth += 1) equal((await send('/name')).status, 200)
})

end()
