import { env } from 'cloudflare:workers'
import { vi } from 'vitest'

/** What every call to D1 goes through, with a session or without: the place to watch it, or to make it fail. */
export const sessions: D1DatabaseSession = Object.getPrototypeOf(env.DB.withSession())

/** The real `batch`, to be taken before it is spied on. */
export function realBatch(): D1DatabaseSession['batch'] {
  return sessions.batch.bind(env.DB.withSession())
}

/** Counts every row that was ever written: what has not moved it has written nothing. */
export async function changesSoFar(): Promise<number> {
  const row = await env.DB.prepare('SELECT total_changes() AS changes').first<{ changes: number }>()
  return row?.changes ?? Number.NaN
}

export interface Replication {
  /** Whether a replica answers where it may, and what it knows: what the primary does, or nothing yet. */
  replica?: 'up to date' | 'empty'
  /** Lets D1 answer after the Durable Object. */
  slowly?: boolean
}

/** From where D1 is read from now on: the constraint of each session that is asked, or `none` for no session. */
export function watchSessions({ replica, slowly }: Replication = {}): string[] {
  const asked: string[] = []
  const constraints = new WeakMap<object, string>()
  const withSession = env.DB.withSession.bind(env.DB)
  vi.spyOn(env.DB, 'withSession').mockImplementation((constraint) => {
    const session = withSession(constraint)
    constraints.set(session, constraint ?? '')
    return session
  })
  const batch: (statements: D1PreparedStatement[]) => Promise<D1Result<never>[]> = sessions.batch
  vi.spyOn(sessions, 'batch').mockImplementation(async function (this: D1DatabaseSession, statements) {
    const constraint = constraints.get(this) ?? 'none'
    if (constraint !== 'none') asked.push(constraint)
    const results = await batch.call(this, statements)
    if (slowly && constraint !== 'none') await scheduler.wait(50)
    if (!replica || ['none', 'first-primary'].includes(constraint)) return results
    return results.map((result) => ({
      ...result,
      results: replica === 'empty' ? [] : result.results,
      meta: { ...result.meta, served_by_primary: false },
    }))
  })
  return asked
}
