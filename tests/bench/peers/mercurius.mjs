// mercurius with graphql-jit from the first request on, in fastify.

import { load, loaders, port, resolvers, typeDefs } from './resolvers.mjs'

const app = load('fastify')()
const { MessageAuthor, ...others } = resolvers
app.register(load('mercurius'), {
  schema: typeDefs,
  resolvers: { ...others, MessageAuthor: { resolveType: MessageAuthor.__resolveType } },
  context: () => ({ loaders: loaders() }),
  jit: 1
})
await app.listen({ port, host: '127.0.0.1' })
