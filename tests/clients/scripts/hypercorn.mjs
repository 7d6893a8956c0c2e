// hypercorn, asked for HTTP/2 by an Upgrade.

import { check, end } from './checks.mjs'
import { send } from './requests.mjs'

const H2C = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }

await check('a plain request', async () => (await send('/')).body.toString())

await check('Upgrade: h2c', async () => {
  const { status, headers, body } = await send('/', { headers: H2C })
  return [status, headers.upgrade, body.toString()].filter(Boolean).join(' ')
})

await check('a request after that', async () => (await send('/')).body.toString())

end()
