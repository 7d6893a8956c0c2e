#!/usr/bin/env bash
# sockjs-node: once its handlers are installed on an HTTP server, a request with `Upgrade` for any other path of that server is never
# answered, and its connection stays open: sockjs listens to the server's `upgrade`, passes over what is not below its prefix, and Node answers
# upgrades by itself only as long as nobody listens to them. Before, the same request got the server's page, with 200. A proxy with a wrong
# path in `proxy_pass` so looks like an app server that hangs, and ends in a 504 after `proxy_read_timeout`.
#
# Seen with sockjs 0.3.24 and Node 20.20.2 on 2026-12-01. Needs npm, node and curl.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund sockjs@0.3.24 >/dev/null
echo "sockjs $(node -p 'require("sockjs/package.json").version'), Node $(node --version)"
cat >server.js <<'JS'
const http = require('http')
const sockjs = require('sockjs')
const start = (port) => http.createServer((request, response) => response.end('page')).listen(port, '127.0.0.1')
start(18112)
const echo = sockjs.createServer({ log() {} })
echo.on('connection', (connection) => connection && connection.write('hello'))
echo.installHandlers(start(18113), { prefix: '/sockjs' })
JS
node server.js &
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18113/ && break; sleep 0.1; done
ask() {
  local ended=0 said
  said=$(curl -s --max-time 3 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
    -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -o body -w '%{http_code}' "http://127.0.0.1:$1$2") || ended=$?
  echo "$said, curl $ended"
}
plain=$(ask 18112 /other) other=$(ask 18113 /other) page=$(curl -s http://127.0.0.1:18113/other) own=$(ask 18113 /sockjs/websocket)
echo "without sockjs: $plain"; echo "with sockjs, another path: $other"; echo "the same without Upgrade: $page"; echo "its own path: $own"
[ "$plain" = '200, curl 0' ] && [ "$other" = '000, curl 28' ] && [ "$page" = page ] && [[ $own == 101* ]]
