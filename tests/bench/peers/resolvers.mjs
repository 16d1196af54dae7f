// What the peers in JavaScript answer with: the desk's own schema file, resolvers and data loaders over plain SQL.
// PEERS_FOLDER has node_modules, BENCH_DATABASE is a path (SQLite) or a URL (PostgreSQL), BENCH_SERVICE the service.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

export const load = createRequire(`${process.env.PEERS_FOLDER}/package.json`)
const DataLoader = load('dataloader')

const address = process.env.BENCH_DATABASE
const service = Number(process.env.BENCH_SERVICE)
const isPostgres = address.includes('://')

export const typeDefs = readFileSync('schema/schema.graphql', 'utf8')
export const port = Number(process.env.BENCH_PORT)

const rows = isPostgres ? overPostgres() : overSqlite()
const among = isPostgres ? '= ANY($1)' : 'IN (SELECT value FROM json_each(?))'

function overPostgres () {
  const { Pool, types } = load('pg')
  types.setTypeParser(20, Number) // ids and microseconds are below 2^53
  const pool = new Pool({ connectionString: address, max: 8 })
  return async (name, sql, values) => (await pool.query({ name, text: sql, values })).rows
}

function overSqlite () {
  const database = new (load('better-sqlite3'))(address)
  for (const pragma of ['journal_mode = wal', 'synchronous = 1', 'busy_timeout = 5000', 'cache_size = -32000']) {
    database.pragma(pragma)
  }
  const prepared = new Map()
  return async (name, sql, values) => {
    if (!prepared.has(name)) prepared.set(name, database.prepare(sql))
    return prepared.get(name).all(...values.map(value => Array.isArray(value) ? JSON.stringify(value) : value))
  }
}

const mark = number => isPostgres ? `$${number}` : '?'
const globalId = (type, id) => Buffer.from(`${type}:${id}`).toString('base64url')
const cursor = row => Buffer.from(`["-updated_at,-id",${row.updated_at},${row.id}]`).toString('base64url')

function time (micros) {
  const text = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)
  const rest = micros % 1_000_000
  return `${text}${rest ? '.' + String(rest).padStart(6, '0') : ''}+00:00`
}

function loader (name, sql, key, shaped) {
  return new DataLoader(async ids => {
    const found = new Map((await rows(name, sql, [[...ids]])).map(row => [row[key], shaped(row)]))
    return ids.map(id => found.get(id) ?? null)
  })
}

const CUSTOMERS = `SELECT id, number, name, email FROM customer WHERE id ${among}`
const AGENTS = `SELECT agent.id, member.name FROM agent JOIN member ON member.id = agent.member_id WHERE agent.id ${among}`
const GROUPS = `SELECT id, name FROM agent_group WHERE id ${among}`
const MESSAGES = `SELECT id, ticket_id, kind, body_text, created_at, author_kind, author_id FROM message
  WHERE id IN (SELECT max(id) FROM message WHERE ticket_id ${among} GROUP BY ticket_id)`
const DELIVERIES = `SELECT message_id, state FROM outbox WHERE message_id ${among}`
const TICKETS = `SELECT id, number, subject, status, priority, channel, created_at, updated_at, customer_id,
  assignee_id, group_id FROM ticket WHERE service_id = ${mark(1)} ORDER BY updated_at DESC, id DESC LIMIT ${mark(2)}`

export const loaders = () => ({
  customers: loader('customers', CUSTOMERS, 'id', row => ({ ...row, id: globalId('Customer', row.id), __typename: 'Customer' })),
  agents: loader('agents', AGENTS, 'id', row => ({ ...row, id: globalId('Agent', row.id), __typename: 'Agent' })),
  groups: loader('groups', GROUPS, 'id', row => ({ ...row, id: globalId('AgentGroup', row.id) })),
  messages: loader('messages', MESSAGES, 'ticket_id', row => row),
  deliveries: loader('deliveries', DELIVERIES, 'message_id', row => row)
})

async function tickets (_root, { first }) {
  const found = await rows('tickets', TICKETS, [service, first + 1])
  const nodes = found.slice(0, first)
  const pageInfo = {
    hasNextPage: found.length > first,
    hasPreviousPage: false,
    startCursor: cursor(nodes[0]),
    endCursor: cursor(nodes.at(-1))
  }
  return { nodes, pageInfo }
}

const one = (found, id) => id === null ? null : found.load(id)

export const resolvers = {
  Query: { tickets },
  Ticket: {
    id: row => globalId('Ticket', row.id),
    createdAt: row => time(row.created_at),
    updatedAt: row => time(row.updated_at),
    customer: (row, _given, context) => one(context.loaders.customers, row.customer_id),
    assignee: (row, _given, context) => one(context.loaders.agents, row.assignee_id),
    group: (row, _given, context) => one(context.loaders.groups, row.group_id),
    messages: async (row, _given, context) => ({ nodes: [await context.loaders.messages.load(row.id)] })
  },
  Message: {
    id: row => globalId('Message', row.id),
    bodyText: row => row.body_text,
    createdAt: row => time(row.created_at),
    author: (row, _given, context) =>
      context.loaders[row.author_kind === 'agent' ? 'agents' : 'customers'].load(row.author_id),
    delivery: (row, _given, context) => context.loaders.deliveries.load(row.id)
  },
  MessageAuthor: { __resolveType: row => row.__typename }
}
