// Uploads to waitress, which takes a megabyte.

import { check, end, equal, everyByte } from './checks.mjs'
import { send, sha256 } from './requests.mjs'

const [SMALL, LARGE] = [everyByte(2048), everyByte(16 * 1024)]

const upload = (body, headers = {}) => send('/', { method: 'POST', body, headers: { 'Content-Length': body.length, ...headers } })

await check('a body that it takes', async () => {
  equal((await upload(SMALL)).body.toString(), sha256(SMALL))
})

await check('a body in chunks', async () => {
  const pieces = Array.from({ length: 8 }, (_, piece) => SMALL.subarray(piece * 65536, (piece + 1) * 65536))
  equal((await send('/', { method: 'POST', pieces })).body.toString(), sha256(SMALL))
})

await check('a body that it refuses', async () => (await upload(LARGE)).status)

await check('a body that it refuses, of a client that asks first', async () => (await upload(LARGE, { Expect: '100-continue' })).status)

await check('a body that it takes, of a client that asks first', async () => {
  equal((await upload(SMALL, { Expect: '100-continue' })).body.toString(), sha256(SMALL))
})

end()
