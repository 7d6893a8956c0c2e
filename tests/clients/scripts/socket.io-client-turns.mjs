// socket.io-client where requests take turns of the app servers.

import { io } from 'socket.io-client'

import { Inbox, check, end, site } from './checks.mjs'

for (const transport of ['polling', 'websocket']) {
  await check(`${transport}: a session`, async () => {
    const events = new Inbox()
    const socket = io(`http://${site.host}`, { forceNew: true, reconnection: false, transports: [transport] })
    socket.on('welcome', () => events.put('connected'))
    socket.on('connect_error', (error) => {
      const { description, context } = error
      events.put(`refused with ${description} ${context?.responseText ?? ''}`)
    })
    socket.on('disconnect', (reason, details) => {
      const text = details?.context?.responseText ?? ''
      events.put(`ended with ${details?.description ?? ''} ${text} (${reason})`)
    })
    const seen = await events.next()
    socket.disconnect()
    return seen
  })
}

end()
