import { env } from 'cloudflare:workers'

/** What every call to D1 goes through, with a session or without: the place to watch it, or to make it fail. */
export const sessions: D1DatabaseSession = Object.getPrototypeOf(env.DB.withSession())

/** The real `batch`, to be taken before it is spied on. */
export function realBatch(): D1DatabaseSession['batch'] {
  return sessions.batch.bind(env.DB.withSession())
}
