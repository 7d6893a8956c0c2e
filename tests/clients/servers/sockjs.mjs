// sockjs-node's own server: an echo.

import { createServer } from 'node:http'
import sockjs from 'sockjs'

import { listen, name } from './server.mjs'

const echo = sockjs.createServer({ log: () => {}, disconnect_delay: 2000 })
echo.on('connection', (connection) => {
  connection?.on('data', (text) => {
    if (text === 'who?') connection.write(name)
    else if (text === 'leave') connection.close(4001, 'bye')
    else connection.write(text)
  })
})
const http = createServer((_, response) => response.end(`${name}\n`))
echo.installHandlers(http, { prefix: '/sockjs' })
listen(http)
