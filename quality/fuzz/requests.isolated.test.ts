import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { stopClock } from '../../test/helpers/credentials'
import { takeLeaks } from '../../test/helpers/log-scan'
import { OPERATIONS } from '../../test/helpers/openapi'
import { silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import { check, TIMEOUT } from './check'
import { expectRefused, expectTold } from './check-response'
import { Ledger } from './database-snapshot'
import { World } from './fixture'
import { ACTORS, type Draft, nameOf, refusalOf } from './generated-request'
import { type Mutated, mutationsOf } from './mutations'
import { isDear, requestsOf } from './requests'

beforeAll(() => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

/** Of each operation; of broken ones for each thing that can be wrong with it. */
const RUNS = { valid: 6, dear: 3, mutated: 1 }

describe('requests that the document does not allow', () => {
  let world: World
  let ledger: Ledger

  beforeAll(async () => {
    world = await World.make()
    ledger = await Ledger.of(world)
  })

  it.each(OPERATIONS.map((operation) => [nameOf(operation), operation] as const))(
    '%s are refused as it says, and leave nothing behind',
    async (name, operation) => {
      const draftsOf = ({ draft }: Mutated) => [draft]
      for (const [offset, mutations] of mutationsOf(operation).entries())
        await check(name, mutations, { runs: RUNS.mutated, draftsOf, offset }, async ({ draft, statuses, why }) => {
          expectRefused(draft, statuses, await world.send(draft, () => ledger.settle()))
          await ledger.expectUnchanged(why)
        })
      expect(takeLeaks()).toEqual([])
    },
    TIMEOUT,
  )
})

describe('requests that the document allows', () => {
  let readers: World
  beforeAll(async () => {
    readers = await World.make()
  })

  it.each(OPERATIONS.map((operation) => [nameOf(operation), operation] as const))(
    '%s are answered as it says, one of them with success',
    async (name, operation) => {
      const reads = operation.method === 'GET'
      const world = reads ? readers : await World.make()
      const ledger = await Ledger.of(world)
      const statuses: number[] = []
      const holds = async (draft: Draft) => {
        const answer = await world.send(draft, () => ledger.settle())
        expectTold(operation, draft, answer)
        statuses.push(answer.status)
        if (!reads && answer.status < 300) return ledger.settle()
        await ledger.expectUnchanged(`a ${answer.status}`)
      }
      const draftsOf = (draft: Draft) => [draft]
      const runs = isDear(operation) ? RUNS.dear : RUNS.valid
      await check(name, requestsOf(operation), { runs, draftsOf }, holds)
      for (const [offset, actor] of ACTORS.filter((each) => refusalOf(operation, each) === 403).entries())
        await check(name, requestsOf(operation, fc.constant(actor)), { runs: 1, draftsOf, offset }, holds)
      expect(
        statuses.some((status) => status < 300),
        `none with success: ${statuses}`,
      ).toBe(true)
      expect(takeLeaks()).toEqual([])
    },
    TIMEOUT,
  )
})
