// Chromium, with the document's configuration in front of its front end and of two app servers.

import { createRequire } from 'node:module'

import { EVIL, OTHER, SHOP, close, open } from './browser.mjs'
import { KOREAN, ask, check, end, equal } from './checks.mjs'

const STOMPJS = createRequire(import.meta.url).resolve('@stomp/stompjs')

/// What `fetch` in a page comes to: a status, or that it was refused.
const fetched = (page, url, options = {}) =>
  page.evaluate(
    async (url, options) => {
      try {
        const answer = await fetch(url, options)
        return String(answer.status)
      } catch (error) {
        return error.message
      }
    },
    url,
    options,
  )

const state = (page, attributes) =>
  page.waitForFunction(
    (attributes) => attributes.every(([selector, name, value]) => document.querySelector(selector)?.dataset[name] === value),
    {},
    attributes,
  )

const READY = [['body', 'font', 'ready'], ['body', 'wasm', 'ready'], ['#socket', 'state', 'connected']]

await check('the front end comes with all that belongs to it', async () => {
  const { page, complaints } = await open(`${SHOP}/stores/1/items`)
  await state(page, [...READY, ['#api', 'state', 'ready']])
  equal(complaints, [])
  const title = await page.title()
  await page.close()
  return title
})

await check('a deep link survives a reload', async () => {
  const { page } = await open(`${SHOP}/`)
  await page.click('a[href="/stores/2/items"]')
  await page.waitForFunction(() => location.pathname === '/stores/2/items')
  const response = await page.reload()
  await state(page, [['#api', 'state', 'ready']])
  const path = await page.evaluate(() => location.pathname)
  await page.close()
  return `${response.status()} ${path}`
})

await check('an asset that has not changed is not sent again', async () => {
  const { page } = await open(`${SHOP}/`)
  const url = await page.evaluate(() => document.querySelector('script[type=module]').src)
  const [response] = await Promise.all([
    page.waitForResponse((response) => response.url() === url),
    page.evaluate((url) => fetch(url, { cache: 'no-cache' }).then((answer) => answer.text()), url),
  ])
  await page.close()
  return response.status()
})

await check('a script that is gone is not run', async () => {
  const { page } = await open(`${SHOP}/`)
  const seen = await page.evaluate(() => import('/assets/app-gone.js').then(() => 'run', (error) => error.name))
  const type = await page.evaluate(async () => (await fetch('/assets/app-gone.js')).headers.get('content-type'))
  await page.close()
  return `${seen}, as it is ${type}`
})

const json = { 'Content-Type': 'application/json' }

for (const [method, options] of [
  ['GET', {}],
  ['HEAD', {}],
  ['POST', { headers: json, body: '{}' }],
  ['DELETE', {}],
  ['PATCH', { headers: json, body: '{}' }],
  ['PUT', { headers: json, body: '{}' }],
]) {
  await check(`another origin: ${method}`, async () => {
    const { page } = await open(`${OTHER}/`)
    const seen = await fetched(page, `${SHOP}/api/echo`, { method, ...options })
    await page.close()
    return seen
  })
}

for (const header of ['Authorization', 'StorelId', 'X-Requested-With']) {
  await check(`another origin: the header ${header}`, async () => {
    const { page } = await open(`${OTHER}/`)
    const seen = await fetched(page, `${SHOP}/api/echo`, { headers: { [header]: '1' } })
    await page.close()
    return seen
  })
}

for (const [what, options] of [['without a preflight', {}], ['with one', { method: 'PATCH', headers: json, body: '{}' }]]) {
  await check(`another origin: credentials, ${what}`, async () => {
    const { page } = await open(`${OTHER}/`)
    const seen = await fetched(page, `${SHOP}/api/echo`, { credentials: 'include', ...options })
    await page.close()
    return seen
  })
}

await check('another origin: an error of the app server', async () => {
  const { page } = await open(`${OTHER}/`)
  const seen = await fetched(page, `${SHOP}/api/status/404`)
  await page.close()
  return seen
})

await check("another origin: the front end's files", async () => {
  const { page } = await open(`${OTHER}/`)
  const seen = [await fetched(page, `${SHOP}/robots.txt`), await fetched(page, `${SHOP}/robots.txt`, { mode: 'no-cors' })]
  await page.close()
  return `${seen[0]}; without looking at it: ${seen[1]}`
})

await check('another origin: an origin that the app server does not allow', async () => {
  const { page } = await open(`${EVIL}/`)
  const seen = await fetched(page, `${SHOP}/api/echo`)
  await page.close()
  return seen
})

await check('a preflight is asked once for each path', async () => {
  const { page } = await open(`${OTHER}/`)
  const paths = ['/api/cache/1', '/api/cache/1', '/api/cache/2']
  for (const path of paths) equal(await fetched(page, SHOP + path, { method: 'DELETE' }), '200')
  await page.close()
  const asked = await ask('logged', 'OPTIONS /api/cache/', 'DELETE /api/cache/2')
  return `${asked} for ${new Set(paths).size} paths and ${paths.length} requests`
})

/// How a WebSocket of a page fares.
const socket = (page, url, protocols = []) =>
  page.evaluate(
    (url, protocols) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url, protocols)
        socket.onopen = () => socket.send('hello')
        socket.onmessage = ({ data }) => resolve(`${data} by ${socket.protocol || 'no subprotocol'}`)
        socket.onclose = ({ code }) => resolve(`closed with ${code}`)
      }),
    url,
    protocols,
  )

for (const [whose, origin] of [['the site', SHOP], ['another origin', OTHER], ['an origin that the app server does not allow', EVIL]]) {
  await check(`a WebSocket from a page of ${whose}`, async () => {
    const { page } = await open(`${origin}/`)
    const seen = await socket(page, `${SHOP.replace('http', 'ws')}/stomp/echo`, ['v12.stomp'])
    await page.close()
    return seen
  })
}

await check('STOMP from a page, which is back after its app server was killed', async () => {
  const { page } = await open(`${SHOP}/help/`)
  await page.addScriptTag({ path: STOMPJS })
  const before = await page.evaluate(
    (url, text) =>
      new Promise((resolve, reject) => {
        window.seen = { instances: [], bodies: [] }
        window.client = new StompJs.Client({
          brokerURL: url,
          reconnectDelay: 50,
          heartbeatIncoming: 0,
          heartbeatOutgoing: 0,
          onConnect: (frame) => {
            seen.instances.push(frame.headers.instance)
            client.subscribe('/topic/stock', ({ body }) => {
              seen.bodies.push(body)
              resolve(frame.headers.instance)
            })
            client.publish({ destination: '/topic/stock', body: text })
          },
          onStompError: ({ headers }) => reject(new Error(headers.message)),
        })
        client.activate()
      }),
    `${SHOP.replace('http', 'ws')}/stomp/ws`,
    KOREAN,
  )
  await ask('stop', before)
  await page.waitForFunction(() => seen.bodies.length === 2)
  const { instances, bodies } = await page.evaluate(() => seen)
  equal([bodies, [...instances].sort()], [[KOREAN, KOREAN], ['blue', 'green']])
  await page.close()
  await ask('start', before)
})

await check('an event stream brings each event as it is sent', async () => {
  const { page } = await open(`${SHOP}/help/`)
  const seen = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const events = []
        const source = new EventSource('/stomp/ws/000/page/eventsource?beat=50')
        source.onmessage = ({ data }) => {
          if (events.push(data) < 3) return
          source.close()
          resolve(events.join(' '))
        }
        source.onerror = () => resolve(`broken off after ${events.join(' ') || 'nothing'}`)
      }),
  )
  await page.close()
  return seen
})

await check('while no app server is up, the site says so', async () => {
  const [own, other] = [await open(`${SHOP}/help/`), await open(`${OTHER}/help/`)]
  await ask('stop', 'blue')
  await ask('stop', 'green')
  const seen = [await fetched(own.page, '/api/items'), await fetched(other.page, `${SHOP}/api/items`)]
  await ask('start', 'blue')
  await ask('start', 'green')
  await Promise.all([own.page.close(), other.page.close()])
  return `${seen[0]}; to another origin: ${seen[1]}`
})

await check('a new build while the page is open', async () => {
  const { page } = await open(`${SHOP}/`)
  await state(page, READY)
  const before = await page.evaluate(() => document.querySelector('script[type=module]').src)
  await ask('deploy')
  const late = await page.evaluate((url) => import(`${url}?late`).then(() => 'run', (error) => error.name), before)
  await page.reload()
  await page.waitForFunction(() => document.body.dataset.route !== 'none')
  const after = await page.evaluate(() => document.querySelector('script[type=module]').src)
  await page.close()
  return `the old script: ${late}; after a reload: ${after === before ? 'the old build' : 'the new build'}`
})

await close()
end()
