import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { stopClock } from '../../test/helpers/credentials'
import { drainLeaks } from '../../test/helpers/log-scan'
import { OPERATIONS } from '../../test/helpers/openapi'
import { silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import { check, TIMEOUT } from './check'
import { expectDocumentedResponse, expectRejected } from './check-response'
import { DatabaseSnapshot } from './database-snapshot'
import { Fixture } from './fixture'
import { ACTORS, type GeneratedRequest, nameOf, rejectionStatus } from './generated-request'
import { type InvalidRequest, mutationsOf } from './mutations'
import { isExpensive, requestsOf } from './requests'

beforeAll(() => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

/** Per operation; `invalid` per kind of fault. */
const RUNS = { valid: 6, expensive: 3, invalid: 1, untilSuccess: 20 }
/** For draws other than those of the offsets of actors. */
const OTHER_DRAWS = 100

describe('requests that the document does not allow', () => {
  let fixture: Fixture
  let snapshot: DatabaseSnapshot

  beforeAll(async () => {
    fixture = await Fixture.create()
    snapshot = await DatabaseSnapshot.of(fixture)
  })

  it.each(OPERATIONS.map((operation) => [nameOf(operation), operation] as const))(
    '%s are rejected as documented, without an effect',
    async (name, operation) => {
      const toRequests = ({ request }: InvalidRequest) => [request]
      for (const [offset, mutations] of mutationsOf(operation).entries())
        await check(name, mutations, { runs: RUNS.invalid, toRequests, offset }, async ({ request, statuses, why }) => {
          expectRejected(request, statuses, await fixture.send(request, () => snapshot.update()))
          await snapshot.expectUnchanged(why)
        })
      expect(drainLeaks()).toEqual([])
    },
    TIMEOUT,
  )
})

describe('requests that the document allows', () => {
  let readers: Fixture
  beforeAll(async () => {
    readers = await Fixture.create()
  })

  it.each(OPERATIONS.map((operation) => [nameOf(operation), operation] as const))(
    '%s get a documented response, at least one a success',
    async (name, operation) => {
      const reads = operation.method === 'GET'
      const fixture = reads ? readers : await Fixture.create()
      const snapshot = await DatabaseSnapshot.of(fixture)
      const statuses: number[] = []
      const assertion = async (request: GeneratedRequest) => {
        const response = await fixture.send(request, () => snapshot.update())
        expectDocumentedResponse(operation, request, response)
        statuses.push(response.status)
        if (!reads && response.status < 300) return snapshot.update()
        await snapshot.expectUnchanged(`a ${response.status}`)
      }
      const toRequests = (request: GeneratedRequest) => [request]
      const runs = isExpensive(operation) ? RUNS.expensive : RUNS.valid
      await check(name, requestsOf(operation), { runs, toRequests }, assertion)
      for (const [offset, actor] of ACTORS.filter((each) => rejectionStatus(operation, each) === 403).entries())
        await check(name, requestsOf(operation, fc.constant(actor)), { runs: 1, toRequests, offset }, assertion)
      if (!statuses.some((status) => status < 300))
        await check(
          name,
          requestsOf(operation),
          { runs: RUNS.untilSuccess, toRequests, offset: OTHER_DRAWS },
          assertion,
        )
      expect(
        statuses.some((status) => status < 300),
        `none with success: ${statuses}`,
      ).toBe(true)
      expect(drainLeaks()).toEqual([])
    },
    TIMEOUT,
  )
})
