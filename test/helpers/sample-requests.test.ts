import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, createTestAccount } from './api'
import { API_OPERATIONS, byId } from './operations'
import { prepareRequest, SAMPLES, sendAndWait } from './sample-requests'
import { silenceQueue, silenceSweeper } from './webhooks'

/** Many tests send these requests for every operation. */

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})
beforeEach(() => {
  silenceQueue()
  silenceSweeper()
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('the sample request', () => {
  it.each(byId(API_OPERATIONS))('of %s returns the documented status', async (operationId, operation) => {
    const request = await prepareRequest(operation, account)
    const response = await sendAndWait(request)
    const advice =
      `${request.method} ${request.path} with the body ${JSON.stringify(request.body)} returned ${response.text} ` +
      `Add what ${operationId} needs to SAMPLES in test/helpers/sample-requests.ts`
    expect(response.status, advice).toBe(operation.successStatus)
  })

  it('is adapted only for operations that exist', () => {
    const known = new Set(API_OPERATIONS.map(({ operationId }) => operationId))
    const stale = Object.keys(SAMPLES).filter((operationId) => !known.has(operationId))
    expect(stale, 'remove these from SAMPLES in test/helpers/sample-requests.ts').toEqual([])
  })
})
