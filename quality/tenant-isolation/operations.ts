import { API_OPERATIONS } from '../../test/helpers/operations'
import { sample } from './operation-kinds'
import { KEYS } from './operations/api-keys'
import { AFTER_A_SWEEP, BACKGROUND } from './operations/background'
import { PARTS } from './operations/comments-and-files'
import { FAILING, LIMITS } from './operations/limits'
import { TICKETS } from './operations/tickets'
import { PEOPLE } from './operations/users'
import { WEBHOOKS } from './operations/webhooks'
import type { Deed } from './sender'

const WRITTEN = [
  ...TICKETS,
  ...PARTS,
  ...PEOPLE,
  ...KEYS,
  ...WEBHOOKS,
  ...LIMITS,
  AFTER_A_SWEEP,
  ...FAILING,
  ...BACKGROUND,
]

/** Operations without a request that was written for them. */
const SAMPLES = API_OPERATIONS.filter(({ operationId }) =>
  WRITTEN.every(({ operation }) => operation !== operationId),
).map(sample)

const ALL = [...WRITTEN, ...SAMPLES].map((deed, index, all) => {
  const before = all.slice(0, index).filter(({ name }) => name === deed.name).length
  return { ...deed, name: before === 0 ? deed.name : `${deed.name} (${before + 1})` }
})

/** All deeds, each under a name of its own. Those that only read come first: they find what the one before has found. */
export const DEEDS: Deed[] = [...ALL.filter(({ writes }) => !writes), ...ALL.filter(({ writes }) => writes)]

/** With how much a deed's account begins: with something in every table, or with its people alone. */
export type Start = 'rich' | 'poor'

/** Each deed in a rich account; in a poor one all that write, and of those that read the first of each operation. */
export const BEGINNINGS: { start: Start; deed: Deed }[] = [
  ...DEEDS.map((deed) => ({ start: 'rich' as const, deed })),
  ...DEEDS.filter(
    ({ writes, operation }, index) => writes || DEEDS.findIndex((other) => other.operation === operation) === index,
  ).map((deed) => ({ start: 'poor' as const, deed })),
]
