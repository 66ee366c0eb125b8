import { API_OPERATIONS } from '../../test/helpers/operations'
import { sample } from './operation-kinds'
import { API_KEYS } from './operations/api-keys'
import { BACKGROUND, OPERATION_AFTER_SWEEP } from './operations/background'
import { TICKET_CHILDREN } from './operations/comments-and-files'
import { LIMITS, STORAGE_FAILURES } from './operations/limits'
import { TICKETS } from './operations/tickets'
import { USERS } from './operations/users'
import { WEBHOOKS } from './operations/webhooks'
import type { Operation } from './sender'

const HAND_WRITTEN = [
  ...TICKETS,
  ...TICKET_CHILDREN,
  ...USERS,
  ...API_KEYS,
  ...WEBHOOKS,
  ...LIMITS,
  OPERATION_AFTER_SWEEP,
  ...STORAGE_FAILURES,
  ...BACKGROUND,
]

const SAMPLES = API_OPERATIONS.filter(({ operationId }) =>
  HAND_WRITTEN.every((written) => written.operationId !== operationId),
).map(sample)

const ALL = [...HAND_WRITTEN, ...SAMPLES].map((operation, index, all) => {
  const sameName = all.slice(0, index).filter(({ name }) => name === operation.name).length
  return { ...operation, name: sameName === 0 ? operation.name : `${operation.name} (${sameName + 1})` }
})

/** Reads come first, because they can reuse the database of the previous operation. */
export const OPERATIONS: Operation[] = [...ALL.filter(({ writes }) => !writes), ...ALL.filter(({ writes }) => writes)]

export type Start = 'rich' | 'poor'

/** Every operation in the rich account; in the poor one all writes, and the first read of each operation. */
export const SCENARIOS: { start: Start; operation: Operation }[] = [
  ...OPERATIONS.map((operation) => ({ start: 'rich' as const, operation })),
  ...OPERATIONS.filter(
    ({ writes, operationId }, index) =>
      writes || OPERATIONS.findIndex((other) => other.operationId === operationId) === index,
  ).map((operation) => ({ start: 'poor' as const, operation })),
]
