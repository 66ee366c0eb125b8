import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import type { Answer } from './api'

/** What every call to D1 goes through, with a session or without: the place to watch it, or to make it fail. */
export const sessions: D1DatabaseSession = Object.getPrototypeOf(env.DB.withSession())

/** What D1 is really asked through: each call is one round trip. */
export const wire: { fetch(url: string, init: { body: string }): Promise<Response> } = Reflect.get(env.DB, 'fetcher')

export interface Counted {
  answer: Answer
  /** Round trips on the wire, including those of Durable Objects. */
  onWire: number
  /** Those of them that are about credentials. */
  aboutCredentials: number
  /** Round trips of the request's log line. */
  logged: number
}

/** Queries about a credential: by a caller's Durable Object, or to look up an API key. */
const ABOUT_CREDENTIALS = /credential_generation|key_directory/

/** Counts the queries about credentials among all that work that other tests have left behind may ask of D1. */
export async function countCredentialQueries(work: () => Promise<unknown>): Promise<number> {
  const asked = vi.spyOn(wire, 'fetch')
  await work()
  const count = asked.mock.calls.filter(([, { body }]) => ABOUT_CREDENTIALS.test(body)).length
  asked.mockRestore()
  return count
}

/** Sends one request and counts the round trips to D1 until its response. */
export async function countRoundTrips(send: () => Promise<Answer>): Promise<Counted> {
  const asked = vi.spyOn(wire, 'fetch')
  const log = vi.spyOn(console, 'info')
  const answer = await send()
  const onWire = asked.mock.calls.length
  const aboutCredentials = asked.mock.calls.filter(([, { body }]) => ABOUT_CREDENTIALS.test(body)).length
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line))).filter((line) => line.request_id)
  expect(lines).toHaveLength(1)
  asked.mockRestore()
  log.mockRestore()
  return { answer, onWire, aboutCredentials, logged: lines[0].db.round_trips }
}

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
