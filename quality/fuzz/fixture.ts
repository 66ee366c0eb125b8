import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { issueToken } from '../../src/access/tokens'
import { createApp } from '../../src/app'
import { signedPath } from '../../src/attachments/url-signing'
import { configOf } from '../../src/core/config'
import {
  type Account,
  type Answer,
  answerOf,
  createTestAccount,
  createTestMember,
  createTestToken,
  type Member,
  ORIGIN,
  requestOf,
} from '../../test/helpers/api'
import { createTestKey, later } from '../../test/helpers/credentials'
import { OPERATIONS } from '../../test/helpers/openapi'
import { missingIds, PASSWORD, type PathIds } from '../../test/helpers/path-ids'
import { seedIds } from '../../test/helpers/seeded-ids'
import { ask } from '../../test/helpers/tickets'
import { cheapHash } from '../../test/helpers/users'
import { type Actor, type Draft, percent, roleOf } from './generated-request'
import { SETS } from './requests'

const app = createApp()
/** Accounts can be made, too: that they can not is tested elsewhere. */
const bindings = { ...env, ALLOW_SIGNUP: 'true' }

/** Below the 300 a minute of a premium account. */
const CALLS_A_MINUTE = 250
let addresses = 0

/** Two accounts with things in them, and all who may ask for them. */
export class World {
  private calls = 0
  /** Made for single requests. */
  private people = 0

  private constructor(
    readonly account: Account,
    readonly other: Account,
    private readonly keys: Record<'admin' | 'agent' | 'dead', string>,
    private readonly own: PathIds[],
    private readonly others: PathIds[],
  ) {}

  static async make(): Promise<World> {
    const [account, other] = [await createTestAccount(), await createTestAccount()]
    const hash = cheapHash(PASSWORD)
    await env.DB.batch([
      env.DB.prepare('UPDATE users SET password_hash = ? WHERE account_id IN (?, ?)').bind(hash, account.id, other.id),
      env.DB.prepare('UPDATE accounts SET allow_registration = 1 WHERE id = ?').bind(account.id),
    ])
    const [admin, agent, dead] = [
      await createTestKey(account, { role: 'admin' }),
      await createTestKey(account),
      await createTestKey(account),
    ]
    await ask(account.admin, 'DELETE', `api-keys/${dead.id}`)
    const own = await seedIds(account, Array(SETS).fill(account.agent.id))
    for (const { attachment_id } of own) await env.FILES.put(`${account.id}/${attachment_id}`, 'x')
    const keys = { admin: admin.key, agent: agent.key, dead: dead.key }
    return new World(account, other, keys, own, await seedIds(other, [other.agent.id]))
  }

  /**
   * Sends a request and gives its answer, which is one that the document tells of. Calls `prepared` in between, if the
   * request needs somebody of its own.
   */
  async send(draft: Draft, prepared: () => Promise<void> = async () => undefined): Promise<Answer> {
    const people = this.people
    const request = await this.requestOf(draft)
    if (this.people > people) await prepared()
    const ctx = createExecutionContext()
    const answer = await answerOf(request.method, request.url, await app.fetch(request, bindings, ctx))
    await waitOnExecutionContext(ctx)
    return answer
  }

  /** What stands in a text for `__names__`: of people, of things by the placeholders of paths, of the account. */
  resolve(text: string, set: number): string {
    return text.replace(/__([a-z_]+?)__/g, (all, name: string) => this.named(name, set) ?? all)
  }

  private named(name: string, set: number): string | undefined {
    const { account, other } = this
    const things = this.own[set % SETS]
    const people: Record<string, string> = {
      admin: account.admin.id,
      agent: account.agent.id,
      customer: account.customer.id,
      stranger: account.stranger.id,
      other_agent: other.agent.id,
      nobody: missingIds().user_id,
      slug: account.slug,
      ...things,
    }
    if (name in people) return people[name]
    const place = /^(other|no)_(\w+)$/.exec(name)
    if (place)
      return ((place[1] === 'no' ? missingIds() : this.others[0]) as Record<string, string> | undefined)?.[
        place[2] ?? ''
      ]
    if (name !== 'expires' && name !== 'signature') return undefined
    const file = { accountId: account.id, id: things?.attachment_id ?? '', filename: 'f' }
    const query = new URL(signedPath(file, configOf(env).keys.files, Date.now()), ORIGIN).searchParams
    return query.get(name) ?? undefined
  }

  private async requestOf({ by, method, path, query, headers, set, json, text, bytes }: Draft): Promise<Request> {
    this.calls += 1
    if (this.calls % CALLS_A_MINUTE === 0) later(60_000)
    const parameters = query.map(([name, value]) => `${percent(name)}=${percent(this.resolve(value, set))}`)
    const url = `${this.resolve(path, set)}${parameters.length > 0 ? '?' : ''}${parameters.join('&')}`
    const body = bytes ? new Uint8Array(bytes) : json !== undefined ? this.resolve(JSON.stringify(json), set) : text
    const credential = await this.credentialOf(by, method, path)
    const own = credential && { [by.endsWith('header') ? 'X-API-Key' : 'Authorization']: credential }
    addresses += 1
    const address = `2001:db8:${(addresses >> 16).toString(16)}:${(addresses & 0xffff).toString(16)}::1`
    return requestOf(method, url, { headers: { ...own, ...headers }, address, ...(body !== undefined && { body }) })
  }

  private async credentialOf(actor: Actor, method: string, path: string): Promise<string | null> {
    const { account, keys } = this
    switch (actor) {
      case 'nobody':
        return null
      case 'garbage':
        return 'Bearer x.y.z'
      case 'forged':
        return `Bearer ${await tokenOf(account, account.admin, Buffer.alloc(32), Date.now())}`
      case 'expired':
        return `Bearer ${await tokenOf(account, account.admin, configOf(env).keys.tokens, Date.now() - 7_200_000)}`
      case 'no such member':
        return `Bearer ${await createTestToken(account.id, missingIds().user_id, 'admin')}`
      case 'dead key':
        return `Bearer ${keys.dead}`
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

  /** What only people may change is often the caller itself: it is asked by somebody made for it. */
  private async tokenOf(actor: Actor, method: string, path: string): Promise<string> {
    const account = actor.startsWith('other') ? this.other : this.account
    const role = roleOf(actor) ?? 'customer'
    if (isOfPeopleAlone(method, path)) {
      this.people += 1
      return (await createTestMember(account.id, role, { passwordHash: cheapHash(PASSWORD) })).token
    }
    return createTestToken(account.id, this.memberOf(actor), role)
  }

  /** The ID of the member that an actor is. */
  memberOf(actor: Actor): string {
    const account = actor.startsWith('other') ? this.other : this.account
    return (actor === 'stranger' ? account.stranger : account[roleOf(actor) ?? 'customer']).id
  }

  /** Whether a request is asked by somebody made for it. */
  hasOwnCaller({ by, method, path }: Draft): boolean {
    return roleOf(by) !== undefined && !by.includes('key') && isOfPeopleAlone(method, path)
  }
}

async function tokenOf(account: Account, member: Member, key: Buffer, now: number): Promise<string> {
  return (await issueToken({ sub: member.id, acc: account.id, role: member.role, gen: 1 }, key, now, 3_600)).token
}

const OF_PEOPLE_ALONE = OPERATIONS.filter(
  ({ method, security }) => method !== 'GET' && security.length === 1 && 'bearerToken' in (security[0] ?? {}),
)

function isOfPeopleAlone(method: string, path: string): boolean {
  const shape = path.replace('/api/v1', '').replace(/\/(__\w+?__|[a-z]+_[0-9a-z]{26})/g, '/{}')
  return OF_PEOPLE_ALONE.some(
    (operation) => operation.method === method && operation.path.replace(/\{\w+\}/g, '{}') === shape,
  )
}
