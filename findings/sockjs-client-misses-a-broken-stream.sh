#!/usr/bin/env bash
# sockjs-client in Node: a session by xhr-streaming whose server or proxy dies in the middle of the stream stays open for ever. Its
# driver waits for `end`, which Node does not emit for a response that is cut off; no close, no error, no reconnect, until the
# client sends something itself. By eventsource and xhr-polling it does notice. A service that only listens goes deaf at each deploy.
#
# Seen with sockjs-client 1.6.1 and Node 20.20.2 on 2026-11-30. Needs node and npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit sockjs-client@1.6.1 >/dev/null
cat >listen.cjs <<'JS'
const { createServer } = require('node:http')
const SockJS = require('sockjs-client')

const server = createServer((request, response) => {
  if (request.url.endsWith('/info')) {
    return response.end(JSON.stringify({ websocket: false, origins: ['*:*'], cookie_needed: false, entropy: 1 }))
  }
  response.write('h'.repeat(2048) + '\no\n')
})
server.listen(0, '127.0.0.1', () => {
  const socket = new SockJS(`http://127.0.0.1:${server.address().port}`, null, { transports: 'xhr-streaming', timeout: 20000 })
  socket.onclose = ({ code, reason }) => { console.log(`closed with ${code} ${reason}`.trim()); process.exit() }
  socket.onopen = () => {
    // Dies, as `kill -9` has it, and is away from then on.
    server.close()
    server.closeAllConnections()
  }
  // Node ends once there is nothing left that could happen.
  process.on('exit', () => { if (socket.readyState === SockJS.OPEN) console.log('open for ever') })
})
JS
streaming=$(timeout 60 node listen.cjs)
echo "xhr-streaming: $streaming"
# That it is cut off can be known.
cat >control.cjs <<'JS'
const { createServer } = require("node:http")
const server = createServer((_, response) => { response.write("x"); setImmediate(() => server.closeAllConnections()) })
server.listen(0, "127.0.0.1", () => fetch(`http://127.0.0.1:${server.address().port}`)
  .then((answer) => answer.text()).then(() => console.log("complete"), (error) => console.log(`an error: ${error.message}`))
  .finally(() => process.exit()))
JS
control=$(node control.cjs)
echo "the same stream by fetch: $control"
[ "$streaming" = 'open for ever' ] && [ "$control" = 'an error: terminated' ]
