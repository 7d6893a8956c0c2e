// socket.io's own server: an echo with acknowledgements.

import { createServer } from 'node:http'
import { Server } from 'socket.io'

import { listen, name } from './server.mjs'

const http = createServer((_, response) => response.end(`${name}\n`))
const io = new Server(http, { cors: { origin: true, credentials: true } })
io.on('connection', (socket) => {
  socket.emit('welcome', name, socket.conn.transport.name)
  socket.on('echo', (value, acknowledge) => acknowledge(value))
  socket.on('count', (count) => {
    for (let number = 0; number < count; number++) socket.emit('number', number)
  })
  socket.on('leave', () => socket.disconnect())
})
listen(http)
