import { expect, it } from 'vitest'
import { crashRounds } from '../crash/rounds.ts'

it('F01, F02 loses, halves and invents nothing when it is killed in the middle of eight writers', async () => {
  const rounds = await crashRounds(2, () => undefined)
  expect(rounds.flatMap((round) => round.problems)).toEqual([])
  expect(rounds.every((round) => round.acknowledged > 0)).toBe(true)
}, 300_000)
