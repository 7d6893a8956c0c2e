// sockjs-client in a page of Chromium, by each transport that a browser of today has.

import { createRequire } from 'node:module'

import { OTHER, SHOP, close, open } from './browser.mjs'
import { KOREAN, ask, check, end } from './checks.mjs'

const SOCKJS = createRequire(import.meta.url).resolve('sockjs-client/dist/sockjs.min.js')

for (const transport of ['websocket', 'xhr-streaming', 'eventsource', 'htmlfile', 'xhr-polling']) {
  // That one is for pages of the site itself.
  const origin = transport === 'htmlfile' ? SHOP : OTHER
  await check(`${transport}: a session from ${origin === SHOP ? 'the same' : 'another'} origin`, async () => {
    const { page } = await open(`${origin}/api/page`)
    await page.addScriptTag({ path: SOCKJS })
    const seen = await page.evaluate(
      (url, transport, text) =>
        new Promise((resolve) => {
          window.end = new Promise((ended) => (window.ended = ended))
          const socket = new SockJS(url, null, { transports: transport, timeout: 20_000 })
          const frames = [
            'CONNECT\naccept-version:1.2\n\n\0',
            'SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0',
            `SEND\ndestination:/topic/a\n\n${text}\0`,
          ]
          socket.onopen = () => frames.forEach((frame) => socket.send(frame))
          socket.onmessage = ({ data }) => {
            if (data.startsWith('CONNECTED')) window.instance = /\ninstance:(.*)\n/.exec(data)[1]
            if (data.startsWith('MESSAGE')) resolve(data.endsWith(`\n\n${text}\0`) ? `by ${socket.transport}` : data)
          }
          socket.onclose = ({ code, reason }) => {
            window.ended(`closed with ${code}`)
            resolve(`closed with ${code} ${reason}`)
          }
        }),
      `${SHOP}/stomp/ws`,
      transport,
      KOREAN,
    )
    // A frame that breaks off is one that is still loading, to the browser.
    if (transport === 'htmlfile' || seen.startsWith('closed')) return seen
    const instance = await page.evaluate(() => window.instance)
    await ask('stop', instance)
    const closed = await page.evaluate(() => window.end)
    await ask('start', instance)
    await page.close()
    return `${seen}, ${closed} when its app server is killed`
  })
}

await close()
end()
