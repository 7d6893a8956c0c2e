// A live check of a server of GraphQL over WebSocket.

import { end } from './checks.mjs'
import { checkLive } from './hopcheck.mjs'

const PROFILE = `
[socket]
endpoint = "/graphql"
protocol = "graphql-transport-ws"
`

const UPGRADE = 'proxy_set_header Upgrade $http_upgrade;'

await checkLive(PROFILE, [
  ['a subprotocol that is not passed on', UPGRADE, `${UPGRADE} proxy_set_header Sec-WebSocket-Protocol '';`, 'graphql-transport-ws'],
  ['`Connection` as it is', 'proxy_set_header Connection $connection_upgrade;', '', 'proxy_set_header Connection "upgrade"'],
  ['`Upgrade` for h2c alone', '$http_upgrade;', 'h2c;', 'Upgrade'],
])
end()
