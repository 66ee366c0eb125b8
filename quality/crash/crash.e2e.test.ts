import { expect, it } from 'vitest'
import { preparedState } from '../../test/helpers/node/prepared-state.ts'
import { crashRounds } from './rounds.ts'

// The lease of a delivery worker expires after this timeout.
const variables = { WEBHOOK_TIMEOUT_MS: '2000' }

it('C01, F01, F02 loses, splits, duplicates and invents nothing when it is killed while eight clients write', async () => {
  const plan = { rounds: 1, writingMs: [1_500, 2_500], variables, state: preparedState() } as const
  const rounds = await crashRounds(plan, () => undefined)
  expect(rounds.flatMap((round) => round.problems)).toEqual([])
  for (const { acknowledged, retries } of rounds) {
    expect(acknowledged).toBeGreaterThan(0)
    expect(retries.compared).toBeGreaterThan(0)
  }
}, 300_000)
