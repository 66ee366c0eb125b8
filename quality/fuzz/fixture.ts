import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { issueToken } from '../../src/access/tokens'
import { createApp } from '../../src/app'
import { signedPath } from '../../src/attachments/url-signing'
import { configOf } from '../../src/core/config'
import { accounts, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import {
  type Account,
  createTestAccount,
  createTestMember,
  createTestToken,
  type Member,
  ORIGIN,
  requestOf,
  type TestResponse,
  toTestResponse,
} from '../../test/helpers/api'
import { advanceClock, createTestKey } from '../../test/helpers/credentials'
import { prepare } from '../../test/helpers/database'
import { OPERATIONS } from '../../test/helpers/openapi'
import { missingIds, PASSWORD, type PathIds } from '../../test/helpers/path-ids'
import { seedIds } from '../../test/helpers/seeded-ids'
import { callAs } from '../../test/helpers/tickets'
import { cheapHash } from '../../test/helpers/users'
import { type Actor, type GeneratedRequest, percent, roleOf } from './generated-request'
import { SETS } from './requests'

const app = createApp()
const bindings = { ...env, ALLOW_SIGNUP: 'true' }

/** Below the limit of a premium account. */
const CALLS_PER_MINUTE = 250
let ipAddressCount = 0

export class Fixture {
  private callCount = 0
  private createdCallers = 0

  private constructor(
    readonly account: Account,
    readonly other: Account,
    private readonly keys: Record<'admin' | 'agent' | 'revoked', string>,
    private readonly own: PathIds[],
    private readonly others: PathIds[],
  ) {}

  static async create(): Promise<Fixture> {
    const [account, other] = [await createTestAccount(), await createTestAccount()]
    const hash = cheapHash(PASSWORD)
    await env.DB.batch([
      prepare(update(users, { passwordHash: hash }, sql`${users.accountId} IN (${account.id}, ${other.id})`)),
      prepare(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${account.id}`)),
    ])
    const [admin, agent, revoked] = [
      await createTestKey(account, { role: 'admin' }),
      await createTestKey(account),
      await createTestKey(account),
    ]
    await callAs(account.admin, 'DELETE', `api-keys/${revoked.id}`)
    const own = await seedIds(account, Array(SETS).fill(account.agent.id))
    for (const { attachment_id } of own) await env.FILES.put(`${account.id}/${attachment_id}`, 'x')
    const keys = { admin: admin.key, agent: agent.key, revoked: revoked.key }
    return new Fixture(account, other, keys, own, await seedIds(other, [other.agent.id]))
  }

  /** Returns a documented response. Calls `afterCreate` before the request if a caller was created for it. */
  async send(
    generated: GeneratedRequest,
    afterCreate: () => Promise<void> = async () => undefined,
  ): Promise<TestResponse> {
    const createdCallers = this.createdCallers
    const request = await this.requestOf(generated)
    if (this.createdCallers > createdCallers) await afterCreate()
    const ctx = createExecutionContext()
    const response = await toTestResponse(request.method, request.url, await app.fetch(request, bindings, ctx))
    await waitOnExecutionContext(ctx)
    return response
  }

  /** Replaces `__names__` actor IDs of users, IDs of resources (actor path parameter) and the account's slug. */
  resolve(text: string, set: number): string {
    return text.replace(/__([a-z_]+?)__/g, (all, name: string) => this.resolveName(name, set) ?? all)
  }

  private resolveName(name: string, set: number): string | undefined {
    const { account, other } = this
    const resources = this.own[set % SETS]
    const createdCallers: Record<string, string> = {
      admin: account.admin.id,
      agent: account.agent.id,
      customer: account.customer.id,
      stranger: account.stranger.id,
      other_agent: other.agent.id,
      missing_user: missingIds().user_id,
      slug: account.slug,
      ...resources,
    }
    if (name in createdCallers) return createdCallers[name]
    const match = /^(other|no)_(\w+)$/.exec(name)
    if (match)
      return ((match[1] === 'no' ? missingIds() : this.others[0]) as Record<string, string> | undefined)?.[
        match[2] ?? ''
      ]
    if (name !== 'expires' && name !== 'signature') return undefined
    const file = { accountId: account.id, id: resources?.attachment_id ?? '', filename: 'f' }
    const query = new URL(signedPath(file, configOf(env).keys.files, Date.now()), ORIGIN).searchParams
    return query.get(name) ?? undefined
  }

  private async requestOf({
    actor,
    method,
    path,
    query,
    headers,
    set,
    json,
    text,
    bytes,
  }: GeneratedRequest): Promise<Request> {
    this.callCount += 1
    if (this.callCount % CALLS_PER_MINUTE === 0) advanceClock(60_000)
    const parameters = query.map(([name, value]) => `${percent(name)}=${percent(this.resolve(value, set))}`)
    const url = `${this.resolve(path, set)}${parameters.length > 0 ? '?' : ''}${parameters.join('&')}`
    const body = bytes ? new Uint8Array(bytes) : json !== undefined ? this.resolve(JSON.stringify(json), set) : text
    const credential = await this.credentialOf(actor, method, path)
    const own = credential && { [actor.endsWith('header') ? 'X-API-Key' : 'Authorization']: credential }
    ipAddressCount += 1
    const address = `2001:db8:${(ipAddressCount >> 16).toString(16)}:${(ipAddressCount & 0xffff).toString(16)}::1`
    return requestOf(method, url, { headers: { ...own, ...headers }, address, ...(body !== undefined && { body }) })
  }

  private async credentialOf(actor: Actor, method: string, path: string): Promise<string | null> {
    const { account, keys } = this
    switch (actor) {
      case 'anonymous':
        return null
      case 'garbage':
        return 'Bearer x.y.z'
      case 'forged':
        return `Bearer ${await tokenOf(account, account.admin, Buffer.alloc(32), Date.now())}`
      case 'expired':
        return `Bearer ${await tokenOf(account, account.admin, configOf(env).keys.tokens, Date.now() - 7_200_000)}`
      case 'no such member':
        return `Bearer ${await createTestToken(account.id, missingIds().user_id, 'admin')}`
      case 'revoked key':
        return `Bearer ${keys.revoked}`
      case 'mistyped key':
        return `Bearer ${keys.admin.slice(0, -1)}${keys.admin.endsWith('0') ? '1' : '0'}`
      case 'admin key':
        return `Bearer ${keys.admin}`
      case 'agent key':
        return `Bearer ${keys.agent}`
      case 'agent key by header':
        return keys.agent
      default:
        return `Bearer ${await this.tokenOf(actor, method, path)}`
    }
  }

  /**
   * Only users may call these operations, and they may change the caller itself, so each request gets a caller of its
   * own.
   */
  private async tokenOf(actor: Actor, method: string, path: string): Promise<string> {
    const account = actor.startsWith('other') ? this.other : this.account
    const role = roleOf(actor) ?? 'customer'
    if (isUserOnly(method, path)) {
      this.createdCallers += 1
      return (await createTestMember(account.id, role, { passwordHash: cheapHash(PASSWORD) })).token
    }
    return createTestToken(account.id, this.memberOf(actor), role)
  }

  memberOf(actor: Actor): string {
    const account = actor.startsWith('other') ? this.other : this.account
    return (actor === 'stranger' ? account.stranger : account[roleOf(actor) ?? 'customer']).id
  }

  createsCaller({ actor, method, path }: GeneratedRequest): boolean {
    return roleOf(actor) !== undefined && !actor.includes('key') && isUserOnly(method, path)
  }
}

async function tokenOf(account: Account, member: Member, key: Buffer, now: number): Promise<string> {
  return (await issueToken({ sub: member.id, acc: account.id, role: member.role, gen: 1 }, key, now, 3_600)).token
}

const USER_ONLY_OPERATIONS = OPERATIONS.filter(
  ({ method, security }) => method !== 'GET' && security.length === 1 && 'bearerToken' in (security[0] ?? {}),
)

function isUserOnly(method: string, path: string): boolean {
  const shape = path.replace('/api/v1', '').replace(/\/(__\w+?__|[a-z]+_[0-9a-z]{26})/g, '/{}')
  return USER_ONLY_OPERATIONS.some(
    (operation) => operation.method === method && operation.path.replace(/\{\w+\}/g, '{}') === shape,
  )
}
