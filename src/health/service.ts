import { callDurableObject } from '../access/call-durable-object'
import { sweeperOf } from '../access/sweeper-client'
import type { Bindings } from '../core/config'
import { openDirectory } from '../db/client'
import { SECOND } from '../lib/time'
import { ping } from './queries'

type CheckResult = 'ok' | 'failed'
type Checks = Record<'database' | 'files' | 'rate_limiter' | 'sweeper', CheckResult>

const KEPT_FOR = 10 * SECOND
const TIMEOUT = 5 * SECOND

let latest: { at: number; checks: Promise<Checks> } | null = null

/**
 * Whether what the service stands on answers, and that the sweeper is at work, which a first question starts; asked at most every ten
 * seconds and isolate.
 */
export function checkHealth(env: Bindings, now: number): Promise<Checks> {
  if (!latest || now - latest.at >= KEPT_FOR) latest = { at: now, checks: runChecks(env) }
  return latest.checks
}

async function runChecks(env: Bindings): Promise<Checks> {
  const [database, files, rateLimiter, sweeper] = await Promise.all([
    check(openDirectory(env).all(ping())),
    check(env.FILES.head('health')),
    check(callDurableObject(() => env.RATE_LIMITER.getByName('health').ping())),
    check(sweeperOf(env).ensureScheduled()),
  ])
  return { database, files, rate_limiter: rateLimiter, sweeper }
}

async function check(work: PromiseLike<unknown>): Promise<CheckResult> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve('failed'), TIMEOUT)
  })
  const done = Promise.resolve(work).then(
    (): CheckResult => 'ok',
    (): CheckResult => 'failed',
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
