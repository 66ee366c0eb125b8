import { SECOND } from './time'

/** D1 ends a batch after this time, too. */
const DEADLINE = 30 * SECOND

/** The call may still take effect later. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded'

  constructor() {
    super(`No response within ${DEADLINE / SECOND} seconds`)
  }
}

/** Throws `DeadlineExceeded` if a call of a binding has not settled after 30 seconds. */
export async function withDeadline<T>(call: T): Promise<Awaited<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded()), DEADLINE)
  })
  try {
    return await Promise.race([call, expired])
  } finally {
    clearTimeout(timer)
  }
}
