// graphql-yoga on Node's own HTTP server.

import { createServer } from 'node:http'
import { load, loaders, port, resolvers, typeDefs } from './resolvers.mjs'

const { createSchema, createYoga } = load('graphql-yoga')
const schema = createSchema({ typeDefs, resolvers, resolverValidationOptions: { requireResolversForResolveType: 'ignore' } })
const yoga = createYoga({ schema, context: () => ({ loaders: loaders() }), graphiql: false, logging: false })

createServer(yoga).listen(port, '127.0.0.1')
