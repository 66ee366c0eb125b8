import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../../core/config'
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/time'
import { findUnlockTime } from '../login-unlocks'

export type ThrottleDecision = { allowed: true; bucket: string } | { allowed: false; retryAfterSeconds: number }

interface LoginAttempt {
  /** A random ID of this attempt. */
  id: string
  /** The SHA-256 of the email. */
  email: string
  emailNormalized: string
  /** `<account ID>/<user ID>`; null if the email has no user, or several. */
  user: string | null
  /** The IP address. */
  address: string
}

export const LOGIN_FAILURES = { limit: 10, windowMs: 15 * MINUTE }
const TRUST_DURATION = 30 * DAY
const MAX_TRUSTED_ADDRESSES = 20
const UNLOCK_CHECK_INTERVAL = 20 * SECOND
const MAX_WAIT = 5 * SECOND
/** Longer than a login takes: an older attempt that was not released was lost, and stays counted. */
const MAX_ATTEMPT_DURATION = MINUTE

type Counter = { started: number; count: number }

/**
 * Counts failed logins of an email, and failed logins, registrations and unknown API keys of an IP address. A fixed number of
 * objects share all counters, so that made-up emails create no objects. An attempt counts as failed until it is released:
 * concurrent attempts cannot exceed the limit. Callers repeat calls whose response was lost, so each attempt has an ID and is
 * counted and released once.
 */
export class LoginThrottle extends DurableObject<Bindings> {
  private readonly unlockCheckedAt = new Map<string, number>()
  private waiting: (() => void)[] = []

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    state.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS counters (
        bucket TEXT PRIMARY KEY, started INTEGER NOT NULL, ends INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS attempts (
        bucket TEXT NOT NULL, id TEXT NOT NULL, started INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (bucket, id)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS known (
        user TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (user, address)) WITHOUT ROWID`,
    )
    state.blockConcurrencyWhile(async () => {
      if ((await state.storage.getAlarm()) === null) await state.storage.setAlarm(Date.now() + HOUR)
    })
  }

  /** Counts an attempt, of which a bucket allows `limit` in `windowMs`. */
  reserve(bucket: string, id: string, limit: number, windowMs: number): ThrottleDecision {
    const now = Date.now()
    if (this.isRepeated(bucket, id)) return { allowed: true, bucket }
    const counter = this.counter(bucket, now, windowMs)
    if (counter.count >= limit)
      return { allowed: false, retryAfterSeconds: secondsUntil(counter.started + windowMs, now) }
    this.ctx.storage.sql.exec(
      'INSERT OR REPLACE INTO counters (bucket, started, ends, count) VALUES (?, ?, ?, ?)',
      bucket,
      counter.started,
      counter.started + windowMs,
      counter.count + 1,
    )
    this.ctx.storage.sql.exec('DELETE FROM attempts WHERE bucket = ? AND at <= ?', bucket, now - MAX_ATTEMPT_DURATION)
    this.ctx.storage.sql.exec('INSERT INTO attempts VALUES (?, ?, ?, ?)', bucket, id, counter.started, now)
    return { allowed: true, bucket }
  }

  /** Counts a login. Above the limit, it waits for concurrent logins, and then checks whether the operator has unlocked it. */
  async reserveLogin(attempt: LoginAttempt): Promise<ThrottleDecision> {
    const bucket = this.loginBucket(attempt)
    const reserve = () => this.reserve(bucket, attempt.id, LOGIN_FAILURES.limit, LOGIN_FAILURES.windowMs)
    const decision = await this.waitForCapacity(bucket, reserve)
    if (decision.allowed) return decision
    const wasReset = await this.resetIfUnlocked(bucket, attempt.emailNormalized)
    return wasReset ? reserve() : decision
  }

  /** An IP address that the user has logged in from has a bucket of its own, so that others cannot lock the user out. */
  private loginBucket({ email, user, address }: LoginAttempt): string {
    return user !== null && this.isTrusted(user, address) ? `login:${user}:${address}` : `login:${email}`
  }

  /** Waits while logins in flight fill the limit: correct passwords are not rejected because they are concurrent. */
  private async waitForCapacity(bucket: string, reserve: () => ThrottleDecision): Promise<ThrottleDecision> {
    const deadline = Date.now() + MAX_WAIT
    let decision = reserve()
    while (!decision.allowed && this.hasInFlight(bucket) && Date.now() < deadline) {
      await this.waitForRelease(deadline - Date.now())
      decision = reserve()
    }
    return decision
  }

  /** The attempt stays counted. */
  loginFailed(bucket: string, id: string): void {
    this.removeAttempt(bucket, id)
  }

  /** Uncounts an attempt, unless its window has ended. A window without attempts is deleted. */
  release(bucket: string, id: string): void {
    const { sql } = this.ctx.storage
    for (const started of this.removeAttempt(bucket, id))
      sql.exec('UPDATE counters SET count = count - 1 WHERE bucket = ? AND started = ?', bucket, started)
    sql.exec('DELETE FROM counters WHERE bucket = ? AND count <= 0', bucket)
  }

  trustAddress(user: string, address: string): void {
    const { sql } = this.ctx.storage
    sql.exec('INSERT OR REPLACE INTO known (user, address, at) VALUES (?, ?, ?)', user, address, Date.now())
    sql.exec(
      `DELETE FROM known WHERE user = ? AND address NOT IN
        (SELECT address FROM known WHERE user = ? ORDER BY at DESC LIMIT ?)`,
      user,
      user,
      MAX_TRUSTED_ADDRESSES,
    )
  }

  /** Deletes windows that have ended, lost attempts and addresses that are no longer trusted. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    this.ctx.storage.sql.exec('DELETE FROM counters WHERE ends < ?', now)
    this.ctx.storage.sql.exec('DELETE FROM attempts WHERE at <= ?', now - MAX_ATTEMPT_DURATION)
    this.ctx.storage.sql.exec('DELETE FROM known WHERE at < ?', now - TRUST_DURATION)
    this.unlockCheckedAt.clear()
    await this.ctx.storage.setAlarm(now + HOUR)
  }

  private counter(bucket: string, now: number, windowMs: number): Counter {
    const [found] = this.ctx.storage.sql
      .exec<Counter>('SELECT started, count FROM counters WHERE bucket = ?', bucket)
      .toArray()
    return found && found.started + windowMs > now ? found : { started: now, count: 0 }
  }

  private isRepeated(bucket: string, id: string): boolean {
    const { sql } = this.ctx.storage
    return sql.exec('SELECT 1 FROM attempts WHERE bucket = ? AND id = ?', bucket, id).toArray().length > 0
  }

  private hasInFlight(bucket: string): boolean {
    const since = Date.now() - MAX_ATTEMPT_DURATION
    const { sql } = this.ctx.storage
    return sql.exec('SELECT 1 FROM attempts WHERE bucket = ? AND at > ? LIMIT 1', bucket, since).toArray().length > 0
  }

  /** Resumes every `waitForRelease`. Returns the start of the attempt's window; none if it has ended before. */
  private removeAttempt(bucket: string, id: string): number[] {
    const ended = this.ctx.storage.sql
      .exec<{ started: number }>('DELETE FROM attempts WHERE bucket = ? AND id = ? RETURNING started', bucket, id)
      .toArray()
    for (const resume of this.waiting.splice(0)) resume()
    return ended.map(({ started }) => started)
  }

  private async waitForRelease(timeoutMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
      timer = setTimeout(resolve, timeoutMs)
    })
    clearTimeout(timer)
  }

  private isTrusted(user: string, address: string): boolean {
    const since = Date.now() - TRUST_DURATION
    const { sql } = this.ctx.storage
    return (
      sql.exec('SELECT 1 FROM known WHERE user = ? AND address = ? AND at > ?', user, address, since).toArray().length >
      0
    )
  }

  /** Deletes a counter that began before the operator unlocked the email. Looks it up every 20 s at most. */
  private async resetIfUnlocked(bucket: string, emailNormalized: string): Promise<boolean> {
    const now = Date.now()
    if (now - (this.unlockCheckedAt.get(bucket) ?? 0) < UNLOCK_CHECK_INTERVAL) return false
    this.unlockCheckedAt.set(bucket, now)
    const unlockedAt = await findUnlockTime(this.env, emailNormalized).catch(() => null)
    if (unlockedAt === null) return false
    const { sql } = this.ctx.storage
    return (
      sql.exec('DELETE FROM counters WHERE bucket = ? AND started < ? RETURNING bucket', bucket, unlockedAt).toArray()
        .length > 0
    )
  }
}

function secondsUntil(end: number, now: number): number {
  return Math.max(1, Math.ceil((end - now) / SECOND))
}
