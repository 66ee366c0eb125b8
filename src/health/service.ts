import { callDurableObject } from '../access/call-durable-object'
import { rateLimiterOf } from '../access/objects'
import { sweeperOf } from '../access/sweeper-client'
import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { SECOND } from '../lib/time'
import { retryFiles } from '../service/files'
import { ping } from './queries'

type CheckResult = 'ok' | 'failed'
type Checks = Record<'database' | 'files' | 'rate_limiter' | 'sweeper', CheckResult>

const CACHE_TTL = 10 * SECOND
const TIMEOUT = 5 * SECOND

let latest: { at: number; checks: Promise<Checks> } | null = null

/** Checks the dependencies, at most every 10 seconds in an isolate, and starts the sweeper if it is not scheduled. */
export function checkHealth(env: Bindings, now: number): Promise<Checks> {
  if (!latest || now - latest.at >= CACHE_TTL) latest = { at: now, checks: runChecks(env) }
  return latest.checks
}

async function runChecks(env: Bindings): Promise<Checks> {
  const [database, files, rateLimiter, sweeper] = await Promise.all([
    check(openDirectory(env).all(ping())),
    check(retryFiles(() => env.FILES.head('health'))),
    check(callDurableObject(() => rateLimiterOf(env, 'health').ping())),
    check(sweeperOf(env).ensureScheduled()),
  ])
  return { database, files, rate_limiter: rateLimiter, sweeper }
}

async function check(work: PromiseLike<unknown>): Promise<CheckResult> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve('failed'), TIMEOUT)
  })
  const result = Promise.resolve(work).then(
    (): CheckResult => 'ok',
    (): CheckResult => 'failed',
  )
  return Promise.race([result, timeout]).finally(() => clearTimeout(timer))
}
