import { env } from 'cloudflare:workers'
import { changesSoFar } from '../../test/helpers/d1'
import type { Fixture } from './fixture'
import { difference, masked } from './masks'
import { NEIGHBOR_ID, NEIGHBOR_MARK, neighborRows } from './neighbor-rows'
import type { Start } from './operations'
import { createSend, mockEnvironment, type Operation, startGenerationIfNeeded } from './sender'
import { addedRows, type Rows, readRows, replaceAll, rowsOfAccount, sorted } from './tables'

interface Outcome {
  recorded: string
  statuses: number[]
  rowsLeft: Rows
  neighborBefore: string
  neighborAfter: string
}

/** Refilling the database takes longer than most operations, so it is reused until an operation changes it. */
let storedContent = ''
let storedNeighbor = ''

async function outcomeOf(
  fixture: Fixture,
  operation: Operation,
  start: Rows,
  neighborSource: Rows | null,
): Promise<Outcome> {
  await fill(fixture, start, neighborSource)
  const neighborBefore = storedNeighbor
  const before = await changesSoFar()
  const mocks = mockEnvironment()
  const recorded: unknown[] = []
  const sender = { send: createSend(fixture, recorded), record: (value: unknown) => void recorded.push(value) }
  try {
    await operation.run(sender, fixture)
  } finally {
    mocks.restore()
  }
  startGenerationIfNeeded(operation)
  const isUnchanged = !operation.writes && (await changesSoFar()) === before
  if (!isUnchanged) storedContent = ''
  return {
    recorded: masked(JSON.stringify([...recorded, operation.writes ? await objects(fixture.account.id) : []])),
    statuses: recorded.flatMap((each) => (Array.isArray(each) && typeof each[2] === 'number' ? [each[2]] : [])),
    neighborBefore,
    ...(isUnchanged ? { rowsLeft: {}, neighborAfter: neighborBefore } : await readOutcome(fixture)),
  }
}

async function fill(fixture: Fixture, start: Rows, neighborSource: Rows | null): Promise<void> {
  const { tables } = fixture
  const neighbor = neighborSource === null ? {} : neighborRows(fixture, neighborSource, Date.now())
  const content = JSON.stringify([start, neighbor])
  if (storedContent === content) return
  // The neighbor's rows come first, so that a statement without an account condition finds them first.
  await replaceAll(tables, merged(neighbor, start))
  await restoreObjects(start, neighbor)
  storedContent = content
  storedNeighbor = neighborIn(fixture, neighborSource === null ? {} : await readRows(tables))
}

async function readOutcome(fixture: Fixture) {
  const { tables, account } = fixture
  const after = await readRows(tables)
  const rowsLeft = sorted(JSON.parse(masked(JSON.stringify(rowsOfAccount(tables, after, account.id)))))
  return { rowsLeft, neighborAfter: neighborIn(fixture, after) }
}

function neighborIn({ tables }: Fixture, all: Rows): string {
  return JSON.stringify(sorted(rowsOfAccount(tables, all, NEIGHBOR_ID)))
}

export class Control {
  private readonly outcomes = new Map<string, Outcome>()
  private readonly createdRows = new Map<string, Rows>()

  constructor(private readonly fixture: Fixture) {}

  async add(start: Start, operation: Operation): Promise<void> {
    const outcome = await outcomeOf(this.fixture, operation, this.fixture[start], null)
    this.outcomes.set(`${start} ${operation.name}`, outcome)
    const known = this.createdRows.get(operation.operationId) ?? {}
    this.createdRows.set(
      operation.operationId,
      merged(known, addedRows(merged(this.fixture.rich, known), outcome.rowsLeft)),
    )
  }

  statuses(start: Start, operation: Operation): number[] {
    return this.outcomes.get(`${start} ${operation.name}`)?.statuses ?? []
  }

  /**
   * Runs the operation next to the neighbor, which has every row of the rich account and the rows that the operation
   * creates.
   */
  async faults(start: Start, operation: Operation): Promise<string[]> {
    const alone = this.outcomes.get(`${start} ${operation.name}`)
    if (!alone) throw new Error(`${operation.name} did not run alone`)
    const { tickets, ...others } = this.createdRows.get(operation.operationId) ?? {}
    const numbered = (tickets ?? []).map((row, index) => ({ ...row, number: index + 1_000 }))
    const neighborSource = merged(this.fixture.rich, { ...others, tickets: numbered })
    return faultsOf(alone, await outcomeOf(this.fixture, operation, this.fixture[start], neighborSource))
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
  const content = new Set<string>()
  for (const found of all)
    for (const { account_id, id } of [...(found.attachments ?? []), ...(found.object_intents ?? [])])
      content.add(`${account_id}/${id}`)
  const storedKeys = (await env.FILES.list()).objects.map(({ key }) => key)
  const extra = storedKeys.filter((key) => !content.has(key))
  if (extra.length > 0) await env.FILES.delete(extra)
  for (const key of content) if (!storedKeys.includes(key)) await env.FILES.put(key, 'abc')
}

function faultsOf(expected: Outcome, outcome: Outcome): string[] {
  return [
    ...(outcome.recorded.includes(NEIGHBOR_MARK) ? ['shows the neighbor'] : []),
    ...(outcome.recorded === expected.recorded
      ? []
      : [`responds differently: ${difference(expected.recorded, outcome.recorded)}`]),
    ...(JSON.stringify(outcome.rowsLeft) === JSON.stringify(expected.rowsLeft)
      ? []
      : [`stores something else: ${difference(JSON.stringify(expected.rowsLeft), JSON.stringify(outcome.rowsLeft))}`]),
    ...(outcome.neighborAfter === outcome.neighborBefore
      ? []
      : [`changes the neighbor: ${difference(outcome.neighborBefore, outcome.neighborAfter)}`]),
  ]
}
