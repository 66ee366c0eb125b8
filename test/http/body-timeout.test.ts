import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, mintAccount } from '../helpers/api'
import { DEEDS, prepare } from '../helpers/deeds'
import { dump } from '../helpers/dump'
import { hold } from '../helpers/held-request'
import { silenceQueue, silenceSweeper } from '../helpers/webhooks'

/** Raw uploads have an hour: see the tests of attachments. */
const NAMES = DEEDS.filter((name) => !name.startsWith('GET ') && name !== 'POST /tickets/{ticket_id}/attachments')
const SECOND = 1_000

let account: Account

beforeEach(async () => {
  silenceQueue()
  silenceSweeper()
  account = await mintAccount()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a body that does not arrive', () => {
  it.each(NAMES)('is 408 after 30 seconds, and the request has no effect: %s', async (name) => {
    const deed = await prepare(name, account)
    const before = JSON.stringify(await dump(account))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const held = await hold(deed, deed.by?.token ?? null)
    let isAnswered = false
    const response = held.response().then((received) => {
      isAnswered = true
      return received
    })
    await vi.advanceTimersByTimeAsync(29 * SECOND)
    await scheduler.wait(1)
    expect([isAnswered, held.isCanceled()]).toEqual([false, false])
    await vi.advanceTimersByTimeAsync(SECOND)
    const { status, body } = await response
    expect([status, body.error?.code, body.error?.message]).toEqual([
      408,
      'request_timeout',
      'The body must arrive within 30 seconds',
    ])
    expect(held.isCanceled()).toBe(true)
    expect(JSON.stringify(await dump(account))).toBe(before)
  })
})
