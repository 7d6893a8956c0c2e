// A live check of sockjs-node.

import { end } from './checks.mjs'
import { checkLive } from './hopcheck.mjs'

const PROFILE = `
[socket]
endpoint = "/sockjs"
transport = "sockjs"
may-post = true
`

await checkLive(PROFILE, [
  ['`$http_upgrage` in place of `$http_upgrade`', '$http_upgrade;', '$http_upgrage;', 'fall back'],
  ['without `ip_hash`', 'ip_hash;', '', 'ip_hash'],
  ['`location /chat/` in place of `location /`', 'location / {', 'location /chat/ {', 'nothing is there'],
])
end()
