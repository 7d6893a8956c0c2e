// Requests by Node's own client.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'

import { equal, site } from './checks.mjs'

const [hostname, port] = site.host.split(':')

/// One connection at a time, which is used again if it can be.
export const agent = new Agent({ keepAlive: true, maxSockets: 1 })

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/// Sends a request, and reads the answer to its end. `pieces` are sent one after the other, without a length.
export function send(path, { method = 'GET', headers = {}, body, pieces } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent })
    let answered = false
    sent.on('response', async (response) => {
      answered = true
      try {
        const chunks = []
        for await (const chunk of response) chunks.push(chunk)
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks), reused: sent.reusedSocket })
      } catch (error) {
        reject(error)
      }
    })
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.alloc(0) })
    })
    sent.on('continue', () => sent.end(body))
    // An app server that has answered need not read on.
    sent.on('error', (error) => answered || reject(error))
    if (headers.Expect) sent.flushHeaders()
    else if (pieces) write(sent, pieces).catch(reject)
    else sent.end(body)
  })
}

async function write(sent, pieces) {
  for (const piece of pieces) if (!sent.write(piece)) await Promise.race([once(sent, 'drain'), once(sent, 'close')])
  sent.end()
}

/// Reads /events, of which each is sent once the one before has come. Returns how the stream is framed.
export async function eventsInTurn() {
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
}
