import { beforeAll, describe, expect, it, vi } from 'vitest'
import { stopClock } from '../../test/helpers/credentials'
import { openapi } from '../../test/helpers/openapi'
import { silenceQueue, silenceSweeper } from '../../test/helpers/webhooks'
import { expectRejected } from './check-response'
import { CONSTRAINT_MESSAGES } from './constraint-messages'
import { DatabaseSnapshot } from './database-snapshot'
import { Fixture } from './fixture'
import { Model } from './model'
import { REGRESSIONS, SEQUENCE_REGRESSIONS } from './regressions'

let fixture: Fixture

beforeAll(async () => {
  stopClock()
  silenceQueue()
  silenceSweeper()
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
  fixture = await Fixture.create()
})

describe('regressions of the property tests', () => {
  for (const { why, request, statuses } of REGRESSIONS)
    it(`${request.method} ${request.path}: ${why}`, async () => {
      expectRejected(request, statuses, await fixture.send(request))
    })

  for (const { why, steps } of SEQUENCE_REGRESSIONS)
    it(`a sequence: ${why}`, async () => {
      const model = new Model(fixture, await DatabaseSnapshot.of(fixture))
      for (const step of steps) await model.run(step)
    })
})

describe('rules that JSON Schema cannot express', () => {
  it.each(CONSTRAINT_MESSAGES)('documents $rule', ({ documentedAs }) => {
    expect(JSON.stringify(openapi)).toContain(JSON.stringify(documentedAs).slice(1, -1))
  })
})
