import { MINUTE, SECOND } from '../../lib/time'

/** A JSON body of 10 MiB takes 70 MB while it is parsed and stored, of the 128 MB of an isolate. */
const MAX_CONCURRENT = 2
const MAX_WAITING = 8
const MAX_WAIT = 30 * SECOND
const POLL_INTERVAL = 50

/** No code of a request runs after the runtime has canceled it, not even `finally`: what it holds must expire. */
const TURN_TTL = 2 * MINUTE
const WAITING_TTL = 2 * SECOND

/** When (ms) each entry expires, oldest entries first. */
type Entries = Map<symbol, number>

const turns: Entries = new Map()
const waiting: Entries = new Map()

/**
 * Waits for one of two turns in an isolate, in the order of arrival. Null if eight requests are waiting, and after 30 seconds. The
 * request must call `release`, also after an error. Each request polls on its own, because one that was canceled could not notify
 * the next.
 */
export async function takeTurn(): Promise<{ release(): void } | null> {
  removeExpired(Date.now())
  if (waiting.size >= MAX_WAITING) return null
  const request = Symbol()
  const deadline = Date.now() + MAX_WAIT
  try {
    for (let now = Date.now(); now < deadline; now = Date.now()) {
      removeExpired(now)
      waiting.set(request, now + WAITING_TTL)
      if (isNext(request)) {
        turns.set(request, now + TURN_TTL)
        return { release: () => turns.delete(request) }
      }
      await scheduler.wait(POLL_INTERVAL)
    }
    return null
  } finally {
    waiting.delete(request)
  }
}

function isNext(request: symbol): boolean {
  const free = Math.max(0, MAX_CONCURRENT - turns.size)
  return [...waiting.keys()].slice(0, free).includes(request)
}

function removeExpired(now: number): void {
  for (const entries of [turns, waiting])
    for (const [request, expiresAt] of entries) if (expiresAt <= now) entries.delete(request)
}
