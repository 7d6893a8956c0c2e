#!/usr/bin/env bash
# @stomp/stompjs: a header with a backslash before `c`, `n` or `r` is sent as STOMP 1.2 has it, and read wrong. `C:\carts` goes out as
# `C\c\\carts`, comes back from the server so, and is `C:\:arts` then: the client looks for `\c` everywhere before it looks for `\\`,
# and finds one that begins in the middle of another escape. Nothing is reported. stomp.py reads it right.
#
# Seen with @stomp/stompjs 7.5.0 and stomp.py 9.0.0 on 2026-11-30. Needs node, npm and python3 with venv.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @stomp/stompjs@7.5.0 ws@8.23.0 >/dev/null
cat >headers.mjs <<'JS'
import { Client } from '@stomp/stompjs'
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'

// A server that sends a SEND's headers back as they came, byte for byte.
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
server.on('connection', (socket) => socket.on('message', (data) => {
  const frame = data.toString()
  if (frame.startsWith('CONNECT')) socket.send('CONNECTED\nversion:1.2\n\n\0')
  if (frame.startsWith('SEND')) {
    console.log('on the wire:', frame.match(/^path:(.*)$/m)[1])
    socket.send(frame.replace('SEND', 'MESSAGE\nsubscription:1\nmessage-id:1'))
  }
}))
await once(server, 'listening')
const client = new Client({
  webSocketFactory: () => new WebSocket(`ws://127.0.0.1:${server.address().port}`, 'v12.stomp'),
  heartbeatIncoming: 0, heartbeatOutgoing: 0,
  onConnect: () => {
    client.subscribe('/topic/a', (message) => { console.log('read:', message.headers.path); process.exit() }, { id: '1' })
    client.publish({ destination: '/topic/a', headers: { path: 'C:\\carts' } })
  },
})
client.activate()
JS
seen=$(timeout 30 node headers.mjs)
echo "@stomp/stompjs: $seen"

python3 -m venv venv
venv/bin/pip -q install --disable-pip-version-check stomp.py==9.0.0
other=$(venv/bin/python -c '
from stomp.utils import parse_frame
print(parse_frame(b"MESSAGE\npath:C\\c\\\\carts\n\n\0").headers["path"])')
echo "stomp.py: $other"
[ "$seen" = $'on the wire: C\\c\\\\carts\nread: C:\\:arts' ] && [ "$other" = 'C:\carts' ]
