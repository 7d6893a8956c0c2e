// A live check of RabbitMQ with Web-STOMP.

import { end } from './checks.mjs'
import { checkLive } from './hopcheck.mjs'

const PROFILE = `
[stomp]
endpoint = "/ws"
login = "guest"
passcode = "guest"
host = "/"
subscribe = "/topic/stock"
send = "/topic/stock"
heart-beat = "1000,1000"
`

await checkLive(PROFILE, [
  ['`$http_upgrage` in place of `$http_upgrade`', '$http_upgrade;', '$http_upgrage;', 'Upgrade'],
  ['`proxy_http_version 1.0`', 'proxy_http_version 1.1;', 'proxy_http_version 1.0;', 'proxy_http_version'],
  ['`location /ws/` in place of `location /`', 'location / {', 'location /ws/ {', 'see which `location` sends it'],
])
end()
