import { beforeAll, describe, expect, it, vi } from 'vitest'
import { stopClock } from '../../test/helpers/credentials'
import { openapi } from '../../test/helpers/openapi'
import { silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import { expectRefused } from './check-response'
import { WORDS } from './constraint-messages'
import { Ledger } from './database-snapshot'
import { World } from './fixture'
import { Model } from './model'
import { KEPT_REQUESTS, KEPT_SEQUENCES } from './regressions'

let world: World

beforeAll(async () => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
  world = await World.make()
})

describe('what the property tests have found', () => {
  for (const { why, draft, statuses } of KEPT_REQUESTS)
    it(`${draft.method} ${draft.path}: ${why}`, async () => {
      expectRefused(draft, statuses, await world.send(draft))
    })

  for (const { why, steps } of KEPT_SEQUENCES)
    it(`a sequence: ${why}`, async () => {
      const model = new Model(world, await Ledger.of(world))
      for (const step of steps) await model.take(step)
    })
})

describe('the rules that no schema tells', () => {
  it.each(WORDS)('$rule is told by the document', ({ told }) => {
    expect(JSON.stringify(openapi)).toContain(JSON.stringify(told).slice(1, -1))
  })
})
