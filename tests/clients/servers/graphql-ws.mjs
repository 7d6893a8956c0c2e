// GraphQL over WebSocket by graphql-ws and ws, and a WebSocket echo with compression.

import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

import { listen, name } from './server.mjs'

const args = { text: { type: GraphQLString }, count: { type: GraphQLInt } }
async function* numbers(_, { count }) {
  for (let number = 0; number < count; number++) yield { numbers: number }
}
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      echo: { type: GraphQLString, args, resolve: (_, { text }) => text },
      instance: { type: GraphQLString, resolve: () => name },
    },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { numbers: { type: GraphQLInt, args, subscribe: numbers } },
  }),
})

const graphql = new WebSocketServer({ noServer: true })
useServer({ schema, onConnect: ({ connectionParams }) => connectionParams?.token !== 'wrong' }, graphql)
const echo = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } })
echo.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))

const http = createServer((_, response) => response.end(`${name}\n`))
http.on('upgrade', (request, socket, head) => {
  const server = request.url.startsWith('/echo') ? echo : graphql
  server.handleUpgrade(request, socket, head, (opened) => server.emit('connection', opened, request))
})
listen(http)
