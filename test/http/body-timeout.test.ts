import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, createTestAccount } from '../helpers/api'
import { takeSnapshot } from '../helpers/database-snapshot'
import { holdRequest } from '../helpers/held-request'
import { API_OPERATIONS, byName } from '../helpers/operations'
import { prepareRequest } from '../helpers/sample-requests'
import { silenceQueue, silenceSweeper } from '../helpers/webhooks'

/** Raw uploads may take an hour: see the tests of attachments. */
const ROUTES_WITH_TIMEOUT = API_OPERATIONS.filter(
  ({ method, operationId }) => method !== 'GET' && operationId !== 'uploadAttachment',
)
const SECOND = 1_000

let account: Account

beforeEach(async () => {
  silenceQueue()
  silenceSweeper()
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

/**
 * Holds the 30-second timers from now on, until they are cleared: calls of bindings have such a deadline too, and end. Other
 * timers run, because they may belong to other requests.
 */
function holdTimeouts(): Map<number, () => void> {
  const held = new Map<number, () => void>()
  const { setTimeout: start, clearTimeout: clear } = globalThis
  let started = 0
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, delay?: number) => {
    if (delay !== 30 * SECOND) return start(run, delay)
    started -= 1
    held.set(started, run)
    return started
  }) as typeof setTimeout)
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    if (!held.delete(Number(timer))) clear(timer)
  })
  return held
}

describe('a body that does not arrive', () => {
  it.each(byName(ROUTES_WITH_TIMEOUT))(
    'is 408 after 30 seconds, and the request has no effect: %s',
    async (_, operation) => {
      const request = await prepareRequest(operation, account)
      const before = JSON.stringify(await takeSnapshot(account))
      const timeouts = holdTimeouts()
      const held = await holdRequest(request, request.caller?.token ?? null)
      let hasResponse = false
      const response = held.response().then((received) => {
        hasResponse = true
        return received
      })
      // Only the body is left: calls of bindings end.
      await vi.waitFor(() => expect(timeouts.size).toBe(1))
      expect([hasResponse, held.isCanceled()]).toEqual([false, false])
      for (const run of timeouts.values()) run()
      const { status, body } = await response
      expect([status, body.error?.code, body.error?.message]).toEqual([
        408,
        'request_timeout',
        'The body must arrive within 30 seconds',
      ])
      expect(held.isCanceled()).toBe(true)
      expect(JSON.stringify(await takeSnapshot(account))).toBe(before)
    },
  )
})
