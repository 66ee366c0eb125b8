import { env } from 'cloudflare:workers'
import { changesSoFar } from '../../test/helpers/d1'
import type { World } from './fixture'
import { difference, masked } from './masks'
import { MARK, TWIN, twinOf } from './neighbor-rows'
import type { Start } from './operations'
import { askerOf, type Deed, deedIsDone, mocks } from './sender'
import { added, dump, inOrder, ofAccount, type Rows, replaceAll } from './tables'

/** What a deed has shown and left, of the account and of its twin. */
interface Outcome {
  seen: string
  /** Of the requests. */
  statuses: number[]
  left: Rows
  twinBefore: string
  twinAfter: string
}

/** What the database holds, as long as no deed has changed it: to fill it takes longer than most deeds. */
let held = ''
let twinHeld = ''

/** Does a deed in an account as it was at first: alone, or beside a twin that has what the deed will make, too. */
async function outcomeOf(world: World, deed: Deed, start: Rows, beside: Rows | null): Promise<Outcome> {
  await fill(world, start, beside)
  const twinBefore = twinHeld
  const before = await changesSoFar()
  const own = mocks()
  const seen: unknown[] = []
  const asker = { ask: askerOf(world, seen), see: (what: unknown) => void seen.push(what) }
  try {
    await deed.run(asker, world)
  } finally {
    own.restore()
  }
  deedIsDone(deed)
  const isAsItWas = !deed.writes && (await changesSoFar()) === before
  if (!isAsItWas) held = ''
  return {
    seen: masked(JSON.stringify([...seen, deed.writes ? await objects(world.account.id) : []])),
    statuses: seen.flatMap((each) => (Array.isArray(each) && typeof each[2] === 'number' ? [each[2]] : [])),
    twinBefore,
    ...(isAsItWas ? { left: {}, twinAfter: twinBefore } : await remains(world)),
  }
}

async function fill(world: World, start: Rows, beside: Rows | null): Promise<void> {
  const { tables } = world
  const twin = beside === null ? {} : twinOf(world, beside, Date.now())
  const wanted = JSON.stringify([start, twin])
  if (held === wanted) return
  // The twin's rows come first: whoever forgets to name the account meets them first.
  await replaceAll(tables, merged(twin, start))
  await restoreObjects(start, twin)
  held = wanted
  twinHeld = twinIn(world, beside === null ? {} : await dump(tables))
}

async function remains(world: World) {
  const { tables, account } = world
  const after = await dump(tables)
  const left = inOrder(JSON.parse(masked(JSON.stringify(ofAccount(tables, after, account.id)))))
  return { left, twinAfter: twinIn(world, after) }
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

function merged(one: Rows, other: Rows): Rows {
  return Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((table) => [
      table,
      [...(one[table] ?? []), ...(other[table] ?? [])],
    ]),
  )
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
