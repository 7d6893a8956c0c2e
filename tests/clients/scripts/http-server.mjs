// What HTTP/1.0 with the end of the connection for that of the answer becomes.

import { check, end, equal, everyByte } from './checks.mjs'
import { send, sha256 } from './requests.mjs'

await check('an answer without a length', async () => {
  const { body, headers } = await send('/bytes/4096')
  equal(sha256(body), sha256(everyByte(4096)))
  return headers['transfer-encoding']
})

await check('the connection is used again', async () => {
  await send('/bytes/1')
  return (await send('/bytes/1')).reused
})

await check('an answer without a body', async () => {
  const { body, headers } = await send('/bytes/0')
  equal(body.length, 0)
  return headers['transfer-encoding']
})

await check('HEAD', async () => {
  const { status, headers } = await send('/bytes/1', { method: 'HEAD' })
  return `${status}, ${headers['content-length'] ?? 'no length'}`
})

await check('POST', async () => {
  const body = everyByte(1024)
  equal((await send('/', { method: 'POST', body })).body.toString(), sha256(body))
})

end()
