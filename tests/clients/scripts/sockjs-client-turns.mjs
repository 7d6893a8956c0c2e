// sockjs-client where requests take turns of the app servers, and where the proxy does not upgrade.

import SockJS from 'sockjs-client'

import { Inbox, check, end, site } from './checks.mjs'

/// What happens to a session that sends one frame.
async function session(transports) {
  const events = new Inbox()
  const socket = new SockJS(`http://${site.host}/stomp/ws`, null, { transports, timeout: 20_000 })
  socket.onopen = () => {
    events.put(`opened by ${socket.transport}`)
    socket.send('CONNECT\naccept-version:1.2\n\n\0')
  }
  socket.onmessage = ({ data }) => events.put(data.split('\n')[0])
  socket.onclose = ({ code, reason }) => events.put(`closed with ${code} ${reason}`)
  const seen = [await events.next()]
  if (!seen[0].startsWith('closed')) seen.push(await events.next())
  socket.close()
  return seen.join(', ')
}

for (const transport of site.transports) {
  await check(`${transport ?? 'any transport'}: a session of one frame`, () => session(transport ?? undefined))
}

end()
