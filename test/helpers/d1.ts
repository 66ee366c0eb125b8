import { env } from 'cloudflare:workers'
import { getTableName } from 'drizzle-orm'
import { expect, vi } from 'vitest'
import { apiKeyAccounts, users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import type { TestResponse } from './api'
import { row } from './database'

/** All calls to D1 go through it, so this is where to watch them or make them fail. */
export const sessions: D1DatabaseSession = Object.getPrototypeOf(env.DB.withSession())

/** Each call is one round trip to D1. */
export const wire: { fetch(url: string, init: { body: string }): Promise<Response> } = Reflect.get(env.DB, 'fetcher')

export interface Counted {
  response: TestResponse
  /** Includes the round trips of Durable Objects. */
  total: number
  /** Round trips that verify credentials. */
  aboutCredentials: number
  /** Round trips in the request's log line. */
  logged: number
}

const ABOUT_CREDENTIALS = new RegExp(`${users.tokenVersion.name}|${getTableName(apiKeyAccounts)}`)

/** Ignores other queries, which background work of earlier tests may send. */
export async function countCredentialQueries(work: () => Promise<unknown>): Promise<number> {
  const queries = vi.spyOn(wire, 'fetch')
  await work()
  const count = queries.mock.calls.filter(([, { body }]) => ABOUT_CREDENTIALS.test(body)).length
  queries.mockRestore()
  return count
}

export async function countRoundTrips(send: () => Promise<TestResponse>): Promise<Counted> {
  const queries = vi.spyOn(wire, 'fetch')
  const log = vi.spyOn(console, 'info')
  const response = await send()
  const total = queries.mock.calls.length
  const aboutCredentials = queries.mock.calls.filter(([, { body }]) => ABOUT_CREDENTIALS.test(body)).length
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line))).filter((line) => line.request_id)
  expect(lines).toHaveLength(1)
  queries.mockRestore()
  log.mockRestore()
  return { response, total, aboutCredentials, logged: lines[0].db.round_trips }
}

/** Call it before `batch` is mocked. */
export function realBatch(): D1DatabaseSession['batch'] {
  return sessions.batch.bind(env.DB.withSession())
}

/** The number of rows written so far. It does not change without a write. */
export async function changesSoFar(): Promise<number> {
  const found = await row<{ changes: number }>(sql`SELECT total_changes() AS changes`)
  return found?.changes ?? Number.NaN
}

export interface Replication {
  /** Lets a replica respond where the session allows it: up to date with the primary, or empty. */
  replica?: 'up to date' | 'empty'
  /** Delays D1 until the Durable Object has responded. */
  slowly?: boolean
}

/** Records the constraint of each session from now on, or `none` for calls without a session. */
export function watchSessions({ replica, slowly }: Replication = {}): string[] {
  const queries: string[] = []
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
    if (constraint !== 'none') queries.push(constraint)
    const results = await batch.call(this, statements)
    if (slowly && constraint !== 'none') await scheduler.wait(50)
    if (!replica || ['none', 'first-primary'].includes(constraint)) return results
    return results.map((result) => ({
      ...result,
      results: replica === 'empty' ? [] : result.results,
      meta: { ...result.meta, served_by_primary: false },
    }))
  })
  return queries
}

/** Counts the bytes that D1 sends while the work runs, and records the bodies of the queries. */
export async function countD1Bytes<T>(
  work: () => Promise<T>,
): Promise<{ result: T; received: number[]; queries: string[] }> {
  const received: number[] = []
  const queries: string[] = []
  const fetch = wire.fetch.bind(wire)
  const spy = vi.spyOn(wire, 'fetch').mockImplementation(async (url, init) => {
    queries.push(init.body)
    const response = await fetch(url, init)
    received.push((await response.clone().arrayBuffer()).byteLength)
    return response
  })
  try {
    return { result: await work(), received, queries }
  } finally {
    spy.mockRestore()
  }
}
