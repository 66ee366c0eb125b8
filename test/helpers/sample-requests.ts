import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { Bindings } from '../../src/core/config'
import { ROLES } from '../../src/core/policy'
import { accounts } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import worker from '../../src/index'
import { freshIpAddress } from './addresses'
import { type Account, type CallOptions, call, type Member, requestOf, type TestResponse, toTestResponse } from './api'
import { execute } from './database'
import { files } from './files'
import { resolved } from './openapi'
import { type ApiOperation, accessOf } from './operations'
import { createIds, createUser, fillPath, PASSWORD, type PathIds } from './path-ids'
import { freshUrl } from './webhooks'

/** A request that succeeds. */
export interface SampleRequest {
  method: string
  /** Without the version prefix. */
  path: string
  /** Null for a public operation. */
  caller: Member | null
  body?: unknown
  /** For `sendAs`, if not every allowed role can send `body`. */
  bodyOfEveryRole?: unknown
  headers?: Record<string, string>
  ipAddress?: string
  variables?: Partial<Bindings>
}

/** Only what cannot be derived from the OpenAPI document. */
type Sample = Partial<Omit<SampleRequest, 'method' | 'path'>> & {
  /** With its question mark. */
  query?: string
}

const newUser = () => ({ name: 'New', email: `${crypto.randomUUID()}@example.com` })
const newLogin = () => ({ ...newUser(), password: PASSWORD })

/**
 * By operation ID. By default, the least privileged role sends the first example of the body, with newly created IDs in
 * the path. `test/helpers/sample-requests.test.ts` fails for operations that need an entry.
 */
export const SAMPLES: Record<string, (account: Account) => Sample | Promise<Sample>> = {
  login: async (account) => ({
    body: { email: (await createUser(account)).email, password: PASSWORD },
    ipAddress: freshIpAddress(),
  }),
  register: async ({ id, slug }) => {
    await execute(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${id}`))
    return { body: { account: slug, ...newLogin() }, ipAddress: freshIpAddress() }
  },
  logout: async (account) => ({ caller: await createUser(account) }),
  changePassword: async (account) => ({
    caller: await createUser(account),
    body: { current_password: PASSWORD, new_password: 'another one' },
  }),
  createAccount: () => ({
    body: { account_name: 'New', ...newLogin() },
    ipAddress: freshIpAddress(),
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

/** Creates the resources in its path, except for the given IDs, and what its caller needs. */
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

export function send(request: SampleRequest, options: SendOptions = {}): Promise<TestResponse> {
  if (request.variables) return sendAndWait(request, options)
  return call(request.method, request.path, callOptionsOf(request, options))
}

/** Uses an unused IP address. */
export function sendAs(token: string | undefined, request: SampleRequest): Promise<TestResponse> {
  const body = request.bodyOfEveryRole ?? request.body
  return send({ ...request, caller: null, body, ipAddress: freshIpAddress() }, { token })
}

/** Waits for the background work of the request. */
export async function sendAndWait(sample: SampleRequest, options: SendOptions = {}): Promise<TestResponse> {
  const request = requestOf(sample.method, sample.path, callOptionsOf(sample, options))
  const { url } = request
  const ctx = createExecutionContext()
  const response = await worker.fetch(request, { ...env, ...sample.variables }, ctx)
  const result = await toTestResponse(sample.method, url, response)
  await waitOnExecutionContext(ctx)
  return result
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

function exampleBodyOf({ requestBody }: ApiOperation): unknown {
  const { example, examples = {} } = requestBody?.content['application/json'] ?? {}
  const [first] = Object.values(examples)
  if (example !== undefined) return example
  return first && resolved<{ value: unknown }>(first).value
}
