import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { createApp } from '../../../src/app'
import { API, ORIGIN } from '../../helpers/api'
import { receive, silenceQueue, silenceSweeper } from '../../helpers/webhooks'
import { added, dump, inOrder, ofAccount, type Rows, replaceAll } from './tables'
import { MARK, TWIN, twinOf, type World } from './world'

/** One thing that somebody does with an account, and what can be seen of it. */
export interface Deed {
  /** The operation of the document, or the work behind it. */
  operation: string
  name: string
  writes: boolean
  run(asker: Asker, world: World): Promise<unknown>
}

type By = 'admin' | 'agent' | 'customer' | 'stranger' | 'nobody'
interface Sent {
  body?: unknown
  headers?: Record<string, string>
}
/** Sends a request, waits for all that comes of it, and gives its answer. */
export type Ask = (by: By, method: string, path: string, sent?: Sent) => Promise<{ status: number; body: string }>

export interface Asker {
  ask: Ask
  /** What else can be seen. */
  see(what: unknown): void
}

/** What a deed has shown and left, of the account and of its twin. */
interface Outcome {
  seen: string
  /** Of the requests. */
  statuses: number[]
  left: Rows
  twinBefore: string
  twinAfter: string
}

/** Callers' objects of one generation know each other's requests and facts: a new one knows nothing. */
let generation = 0
let callsOfGeneration = 0
/** Well below what a member may ask in the minute at which the clock stands. */
const CALLS_A_GENERATION = 60

/** Lets the next deed find callers' objects that know nothing. */
export function forgetCallers(): void {
  generation += 1
  callsOfGeneration = 0
}

/** What the database holds, as long as no deed has changed it: to fill it takes longer than most deeds. */
let held = ''
let twinHeld = ''

/** Does a deed in an account as it was at first: alone, or beside a twin that has what the deed will make, too. */
async function outcomeOf(world: World, deed: Deed, start: Rows, beside: Rows | null): Promise<Outcome> {
  const { tables, account } = world
  const twin = beside === null ? {} : twinOf(world, beside, Date.now())
  const wanted = JSON.stringify([start, twin])
  if (held !== wanted) {
    // The twin's rows come first: whoever forgets to name the account meets them first.
    await replaceAll(tables, merged(twin, start))
    await restoreObjects(start, twin)
    held = wanted
    twinHeld = twinIn(world, beside === null ? {} : await dump(tables))
  }
  const twinBefore = twinHeld
  const own = mocks()
  const seen: unknown[] = []
  const asker = { ask: askerOf(world, seen), see: (what: unknown) => void seen.push(what) }
  try {
    await deed.run(asker, world)
  } finally {
    own.restore()
  }
  if (deed.writes) held = ''
  if (deed.writes || callsOfGeneration > CALLS_A_GENERATION) forgetCallers()
  const after = await dump(tables)
  return {
    seen: masked(JSON.stringify([...seen, deed.writes ? await objects(account.id) : []])),
    statuses: seen.flatMap((each) => (Array.isArray(each) && typeof each[2] === 'number' ? [each[2]] : [])),
    left: inOrder(JSON.parse(masked(JSON.stringify(ofAccount(tables, after, account.id))))),
    twinBefore,
    twinAfter: twinIn(world, after),
  }
}

function twinIn({ tables }: World, all: Rows): string {
  return JSON.stringify(inOrder(ofAccount(tables, all, TWIN)))
}

/** What deeds have shown alone, and what all deeds of an operation have made. */
export class Control {
  private readonly outcomes = new Map<string, Outcome>()
  private readonly made = new Map<string, Rows>()

  constructor(private readonly world: World) {}

  /** Does a deed alone. */
  async add(start: Start, deed: Deed): Promise<void> {
    const outcome = await outcomeOf(this.world, deed, this.world[start], null)
    this.outcomes.set(`${start} ${deed.name}`, outcome)
    const known = this.made.get(deed.operation) ?? {}
    this.made.set(deed.operation, merged(known, added(merged(this.world.rich, known), outcome.left)))
  }

  /** The statuses that a deed was answered with. */
  statuses(start: Start, deed: Deed): number[] {
    return this.outcomes.get(`${start} ${deed.name}`)?.statuses ?? []
  }

  /** Does it beside the twin, which has all of the account at its richest, and what deeds like it make. */
  async faults(start: Start, deed: Deed): Promise<string[]> {
    const alone = this.outcomes.get(`${start} ${deed.name}`)
    if (!alone) throw new Error(`${deed.name} was not done alone`)
    const { tickets, ...others } = this.made.get(deed.operation) ?? {}
    const numbered = (tickets ?? []).map((row, index) => ({ ...row, number: index + 1_000 }))
    const beside = merged(this.world.rich, { ...others, tickets: numbered })
    return faultsOf(alone, await outcomeOf(this.world, deed, this.world[start], beside))
  }
}

export type Start = 'rich' | 'poor'

function merged(one: Rows, other: Rows): Rows {
  return Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((table) => [
      table,
      [...(one[table] ?? []), ...(other[table] ?? [])],
    ]),
  )
}

/** The same IDs at every run; what a deed leaves in anybody's memory is not there in the next. */
function mocks() {
  let drawn = 0
  const bytes = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint8Array)
      for (let index = 0; index < array.length; index += 1) {
        drawn += 1
        array[index] = (drawn * 73 + (drawn >> 3) * 31 + 11) & 255
      }
    return array
  })
  const others = [env.RATE_LIMITER, env.LOGIN_THROTTLE].map((namespace) => {
    const original = namespace.getByName.bind(namespace)
    return vi.spyOn(namespace, 'getByName').mockImplementation((name) => original(`${name} ${generation}`) as never)
  })
  const queue = silenceQueue()
  silenceSweeper()
  receive()
  const log = vi.spyOn(console, 'info').mockImplementation(() => undefined)
  return {
    restore: () => {
      for (const mock of [bytes, ...others, queue.send, queue.sendBatch, log]) mock.mockRestore()
      vi.mocked(globalThis.fetch).mockRestore()
      vi.mocked(env.SWEEPER.getByName).mockRestore()
    },
  }
}

const SHOWN = ['Location', 'ETag', 'Link', 'X-RateLimit-Limit', 'Content-Disposition', 'Content-Length']

function askerOf({ account }: World, seen: unknown[]): Ask {
  return async (by, method, path, { body, headers } = {}) => {
    const token = by === 'nobody' ? null : account[by].token
    const isJson = body !== undefined && typeof body !== 'string'
    const sent = isJson ? JSON.stringify(body) : body
    const request = new Request(path.startsWith('/') ? `${ORIGIN}${path}` : `${ORIGIN}${API}/${path}`, {
      method,
      headers: {
        'CF-Connecting-IP': '192.0.2.1',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(sent !== undefined && {
          'Content-Type': isJson ? 'application/json' : 'text/plain',
          'Content-Length': String(Buffer.byteLength(String(sent))),
        }),
        ...headers,
      },
      ...(sent !== undefined && { body: String(sent) }),
    })
    const ctx = createExecutionContext()
    callsOfGeneration += 1
    const response = await createApp().fetch(request, env, ctx)
    const text = await response.text()
    await waitOnExecutionContext(ctx)
    seen.push([method, path, response.status, ...SHOWN.map((name) => response.headers.get(name)), text])
    return { status: response.status, body: text }
  }
}

async function objects(accountId: string): Promise<string[]> {
  return (await env.FILES.list({ prefix: `${accountId}/` })).objects.map(({ key }) => key)
}

async function restoreObjects(...all: Rows[]): Promise<void> {
  const wanted = new Set<string>()
  for (const found of all)
    for (const { account_id, id } of [...(found.attachments ?? []), ...(found.object_intents ?? [])])
      wanted.add(`${account_id}/${id}`)
  const there = (await env.FILES.list()).objects.map(({ key }) => key)
  const extra = there.filter((key) => !wanted.has(key))
  if (extra.length > 0) await env.FILES.delete(extra)
  for (const key of wanted) if (!there.includes(key)) await env.FILES.put(key, 'abc')
}

/** Secrets and random parts that no run repeats. */
const MASKS: [RegExp, string][] = [
  [/tk_live_\w+/g, 'KEY'],
  [/whsec_[\w+/=]+/g, 'SECRET'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN'],
  [/scrypt\$[\w$-]+/g, 'HASH'],
  [/dlv_[0-9a-z]{10}[0-9a-f]{16}/g, 'DELIVERY'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID'],
  [/(\\*"(?:hash|previous_hash)\\*":\\*")[0-9a-f]{64}/g, '$1HASH'],
  [/(\\*"last_four\\*":\\*")\w{4}/g, '$1LAST'],
  [/[\w-]{12}\.[\w-]{40,}/g, 'SEALED'],
]

function masked(text: string): string {
  const plain = MASKS.reduce((each, [pattern, word]) => each.replace(pattern, word), text)
  return plain.replace(/cursor(\\*"?[=:]\\*"?)([\w-]{20,})/g, (_, between, cursor) => {
    const [, position] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return `cursor${between}${JSON.stringify(position).replaceAll('"', "'")}`
  })
}

/** What an outcome must not be: nothing of the twin is told, nothing of it is touched. */
function faultsOf(expected: Outcome, outcome: Outcome): string[] {
  return [
    ...(outcome.seen.includes(MARK) ? ['shows the twin'] : []),
    ...(outcome.seen === expected.seen ? [] : [`answers differently: ${difference(expected.seen, outcome.seen)}`]),
    ...(JSON.stringify(outcome.left) === JSON.stringify(expected.left)
      ? []
      : [`leaves something else: ${difference(JSON.stringify(expected.left), JSON.stringify(outcome.left))}`]),
    ...(outcome.twinAfter === outcome.twinBefore
      ? []
      : [`changes the twin: ${difference(outcome.twinBefore, outcome.twinAfter)}`]),
  ]
}

function difference(a: string, b: string): string {
  let at = 0
  while (a[at] === b[at]) at += 1
  const from = Math.max(0, at - 100)
  return `…${a.slice(from, at + 100)}… / …${b.slice(from, at + 100)}…`
}
