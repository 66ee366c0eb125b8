import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { Bindings } from '../../src/core/config'
import { ROLES } from '../../src/core/policy'
import worker from '../../src/index'
import { freshAddress } from './addresses'
import { type Account, type Answer, answerOf, type CallOptions, call, type Member, requestOf } from './api'
import { files } from './files'
import { resolved } from './openapi'
import { type ApiOperation, accessOf } from './operations'
import { createIds, createUser, fillPath, PASSWORD, type PathIds } from './path-ids'
import { freshUrl } from './webhooks'

/** A request that succeeds. */
export interface SampleRequest {
  method: string
  /** Without the prefix. */
  path: string
  /** Null for a public operation. */
  caller: Member | null
  body?: unknown
  /** For `sendAs`, if some of the roles that may call cannot send `body`. */
  bodyOfEveryRole?: unknown
  headers?: Record<string, string>
  ipAddress?: string
  /** What the service has to be configured with. */
  variables?: Partial<Bindings>
}

/** What does not follow from the OpenAPI document. */
type Sample = Partial<Omit<SampleRequest, 'method' | 'path'>> & {
  /** With its question mark. */
  query?: string
}

const newUser = () => ({ name: 'New', email: `${crypto.randomUUID()}@example.com` })
const newLogin = () => ({ ...newUser(), password: PASSWORD })

/**
 * By operation ID. An operation that is not here is sent by the least of the roles that may call it, with newly created
 * IDs in its path and with the first example of its body: enough for most. `test/helpers/sample-requests.test.ts` says which
 * operations need an entry.
 */
export const SAMPLES: Record<string, (account: Account) => Sample | Promise<Sample>> = {
  login: async (account) => ({
    body: { email: (await createUser(account)).email, password: PASSWORD },
    ipAddress: freshAddress(),
  }),
  register: async ({ id, slug }) => {
    await env.DB.prepare('UPDATE accounts SET allow_registration = 1 WHERE id = ?').bind(id).run()
    return { body: { account: slug, ...newLogin() }, ipAddress: freshAddress() }
  },
  logout: async (account) => ({ caller: await createUser(account) }),
  changePassword: async (account) => ({
    caller: await createUser(account),
    body: { current_password: PASSWORD, new_password: 'another one' },
  }),
  createAccount: () => ({
    body: { account_name: 'New', ...newLogin() },
    ipAddress: freshAddress(),
    variables: { ALLOW_SIGNUP: 'true' },
  }),
  updateAccount: () => ({ body: { name: 'Another' } }),
  listUsers: () => ({ query: '?q=a&role=agent' }),
  createUser: () => ({ body: newUser() }),
  updateMe: async (account) => ({
    caller: await createUser(account),
    body: { email: newUser().email, current_password: PASSWORD, name: 'Another' },
  }),
  getUser: ({ agent }) => ({ caller: agent }),
  updateUser: ({ admin }) => ({
    caller: admin,
    body: { role: 'agent', email: newUser().email },
    bodyOfEveryRole: { name: 'Another' },
  }),
  setPassword: () => ({ body: { password: 'another one' } }),
  listTickets: ({ agent }) => ({ caller: agent, query: '?q=title&status=open&sort=priority' }),
  createTicket: () => ({ body: { title: 'New', description: 'Text', ...files('a.txt', 'b.txt') } }),
  exportTickets: () => ({ query: '?q=nowhere' }),
  updateTicket: () => ({ body: { status: 'closed', add_tags: ['x'] } }),
  createComment: () => ({ body: { content: 'A comment', ...files('c.txt') } }),
  uploadAttachment: () => ({ query: '?filename=a.txt', body: 'abc', headers: { 'Content-Type': 'text/plain' } }),
  listEvents: () => ({ query: '?event=ticket.created' }),
  createWebhook: () => ({ body: { url: freshUrl(), events: ['*'] } }),
  updateWebhook: () => ({ body: { url: freshUrl(), description: 'Another' } }),
  replayWebhook: () => ({ body: { since: '2020-01-01' } }),
  listDeliveries: () => ({ query: '?status=pending&event=webhook.test' }),
}

/** Prepares a request for an operation: creates what its path names, unless it is given IDs, and what its caller needs. */
export async function prepareRequest(
  operation: ApiOperation,
  account: Account,
  ids?: Partial<PathIds>,
): Promise<SampleRequest> {
  const { query = '', ...sample } = (await SAMPLES[operation.operationId]?.(account)) ?? {}
  return {
    method: operation.method,
    path: `${fillPath(operation, ids ?? (await createIds(operation.pathIds, account)))}${query}`,
    caller: leastCallerOf(operation, account),
    ...(operation.hasBody && { body: exampleBodyOf(operation) }),
    ...sample,
  }
}

interface SendOptions {
  idempotencyKey?: string | undefined
  /** Another caller's credential. */
  token?: string | undefined
}

export function send(request: SampleRequest, options: SendOptions = {}): Promise<Answer> {
  if (request.variables) return sendAndWait(request, options)
  return call(request.method, request.path, callOptionsOf(request, options))
}

/** Sends a request with any credential, or with none, and from an IP address of its own. */
export function sendAs(token: string | undefined, request: SampleRequest): Promise<Answer> {
  const body = request.bodyOfEveryRole ?? request.body
  return send({ ...request, caller: null, body, ipAddress: freshAddress() }, { token })
}

/** Sends a request with the variables it needs, and waits for everything that goes on after its response. */
export async function sendAndWait(sample: SampleRequest, options: SendOptions = {}): Promise<Answer> {
  const request = requestOf(sample.method, sample.path, callOptionsOf(sample, options))
  const { url } = request
  const ctx = createExecutionContext()
  const response = await worker.fetch(request, { ...env, ...sample.variables }, ctx)
  const answer = await answerOf(sample.method, url, response)
  await waitOnExecutionContext(ctx)
  return answer
}

function callOptionsOf(request: SampleRequest, { idempotencyKey, token }: SendOptions): CallOptions {
  const { caller, headers, body, ipAddress } = request
  return {
    token: token ?? caller?.token,
    headers: { ...headers, ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }) },
    ...(body !== undefined && { body }),
    ...(ipAddress !== undefined && { address: ipAddress }),
  }
}

function leastCallerOf(operation: ApiOperation, account: Account): Member | null {
  const { roles } = accessOf(operation)
  const least = roles && ROLES.findLast((role) => roles.includes(role))
  return least ? account[least] : null
}

/** The first example of the document that is a body of JSON. */
function exampleBodyOf({ requestBody }: ApiOperation): unknown {
  const { example, examples = {} } = requestBody?.content['application/json'] ?? {}
  const [first] = Object.values(examples)
  if (example !== undefined) return example
  return first && resolved<{ value: unknown }>(first).value
}
