import { API_OPERATIONS } from '../../helpers/operations'
import type { Deed } from './asker'
import { sample } from './deed-kinds'
import { AFTER_A_SWEEP, BACKGROUND } from './deeds/background'
import { KEYS } from './deeds/keys'
import { FAILING, LIMITS } from './deeds/limits'
import { PARTS } from './deeds/parts'
import { PEOPLE } from './deeds/people'
import { TICKETS } from './deeds/tickets'
import { WEBHOOKS } from './deeds/webhooks'

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
