// @stomp/stompjs as its scripts use it: what comes to a client, in the order in which it comes.

import { Client } from '@stomp/stompjs'
import WebSocket from 'ws'

import { Inbox } from './checks.mjs'

/// What connects clients to `url`, each with the options that `defaults` gives, which is told where its events go.
export function stompAt(url, defaults = () => ({})) {
  /// A client and what comes to it, from its first frame on.
  async function connect({ subscribe, ...options } = {}) {
    const events = new Inbox()
    const client = new Client({
      reconnectDelay: 0,
      heartbeatIncoming: 0,
      heartbeatOutgoing: 0,
      onConnect: (frame) => {
        subscribe?.(client)
        events.put({ connected: frame })
      },
      onStompError: (frame) => events.put({ error: frame }),
      onWebSocketClose: ({ code, reason }) => events.put({ code, reason }),
      ...defaults(events),
      ...options,
    })
    client.webSocketFactory = () => {
      client.socket = new WebSocket(url, client.stompVersions.protocolVersions())
      return client.socket
    }
    client.activate()
    const first = await events.next()
    return { client, events, connected: first.connected, first }
  }

  /// A client that is subscribed, and its messages.
  async function subscribed(destination, { headers = {}, ...options } = {}) {
    const { client, ...rest } = await connect(options)
    const messages = new Inbox()
    const subscription = client.subscribe(destination, (message) => messages.put(message), headers)
    return { client, messages, subscription, ...rest }
  }

  return { connect, subscribed }
}

/// The RECEIPT of what `act` sends with the header that asks for it.
export const receipt = (client, act) =>
  new Promise((resolve) => {
    client.watchForReceipt('r-1', resolve)
    act({ receipt: 'r-1' })
  })
