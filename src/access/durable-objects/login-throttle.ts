import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../../core/config'
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/time'
import { findUnlock } from '../login-unlocks'

/** Whether an attempt is let through, and where it is counted. */
export type ThrottleDecision = { allowed: true; bucket: string } | { allowed: false; retryAfterSeconds: number }

/** Whose password is tried: the SHA-256 of the e-mail, the one user it can mean, and the address it is tried from. */
interface LoginAttempt {
  /** The attempt's own. */
  id: string
  email: string
  emailNormalized: string
  user: string | null
  address: string
}

export const LOGIN_FAILURES = { limit: 10, windowMs: 15 * MINUTE }
const ADDRESS_TRUSTED_FOR = 30 * DAY
const TRUSTED_ADDRESSES = 20
const UNLOCK_CHECK_INTERVAL = 20 * SECOND
const LONGEST_WAIT = 5 * SECOND
/** Longer than a login takes. An attempt that has not ended by then has been lost, and stays counted. */
const LONGEST_ATTEMPT = MINUTE

type Counter = { started: number; count: number }

/**
 * Counts attempts that must not be many: failed logins of an e-mail; failures, registrations and unknown API keys of an
 * address. A fixed number of objects share all of them, so that inventing e-mails makes no objects. An attempt counts
 * from its beginning, as if it had failed, and is taken back if not: any number at once can not overshoot the limit.
 * Callers repeat calls whose response was lost, so that each attempt has an ID: it is counted and taken back once.
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

  /** Counts an attempt in a bucket that holds `limit` in `windowMs`. */
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
    this.ctx.storage.sql.exec('DELETE FROM attempts WHERE bucket = ? AND at <= ?', bucket, now - LONGEST_ATTEMPT)
    this.ctx.storage.sql.exec('INSERT INTO attempts VALUES (?, ?, ?, ?)', bucket, id, counter.started, now)
    return { allowed: true, bucket }
  }

  /**
   * Counts an attempt to log in. An address that the user has logged in from within 30 days has attempts of its own, so
   * that strangers can not lock the user out. Where attempts under way fill the limit, it waits for them: right passwords
   * are not refused for being many at once. The operator's unlocking is looked up, now and then, before a refusal.
   */
  async reserveLogin({ id, email, emailNormalized, user, address }: LoginAttempt): Promise<ThrottleDecision> {
    const bucket = user !== null && this.isTrusted(user, address) ? `login:${user}:${address}` : `login:${email}`
    const deadline = Date.now() + LONGEST_WAIT
    const reserve = () => this.reserve(bucket, id, LOGIN_FAILURES.limit, LOGIN_FAILURES.windowMs)
    let attempt = reserve()
    while (!attempt.allowed && this.hasInFlight(bucket) && Date.now() < deadline) {
      await this.waitForRelease(deadline - Date.now())
      attempt = reserve()
    }
    if (attempt.allowed || !(await this.wasUnlocked(bucket, emailNormalized))) return attempt
    return reserve()
  }

  /** A login's attempt has failed: it stays counted. */
  loginFailed(bucket: string, id: string): void {
    this.end(bucket, id)
  }

  /** Takes an attempt back, unless its window has ended. Without another the window has not begun. */
  release(bucket: string, id: string): void {
    const { sql } = this.ctx.storage
    for (const started of this.end(bucket, id))
      sql.exec('UPDATE counters SET count = count - 1 WHERE bucket = ? AND started = ?', bucket, started)
    sql.exec('DELETE FROM counters WHERE bucket = ? AND count <= 0', bucket)
  }

  /** Remembers that a user was at an address. */
  trustAddress(user: string, address: string): void {
    const { sql } = this.ctx.storage
    sql.exec('INSERT OR REPLACE INTO known (user, address, at) VALUES (?, ?, ?)', user, address, Date.now())
    sql.exec(
      `DELETE FROM known WHERE user = ? AND address NOT IN
        (SELECT address FROM known WHERE user = ? ORDER BY at DESC LIMIT ?)`,
      user,
      user,
      TRUSTED_ADDRESSES,
    )
  }

  /** Forgets windows that have ended and addresses that were not seen for long. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    this.ctx.storage.sql.exec('DELETE FROM counters WHERE ends < ?', now)
    this.ctx.storage.sql.exec('DELETE FROM attempts WHERE at <= ?', now - LONGEST_ATTEMPT)
    this.ctx.storage.sql.exec('DELETE FROM known WHERE at < ?', now - ADDRESS_TRUSTED_FOR)
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
    const since = Date.now() - LONGEST_ATTEMPT
    const { sql } = this.ctx.storage
    return sql.exec('SELECT 1 FROM attempts WHERE bucket = ? AND at > ? LIMIT 1', bucket, since).toArray().length > 0
  }

  /** Ends an attempt, and wakes those that wait for one. Returns the start of its window, or nothing if it had ended. */
  private end(bucket: string, id: string): number[] {
    const ended = this.ctx.storage.sql
      .exec<{ started: number }>('DELETE FROM attempts WHERE bucket = ? AND id = ? RETURNING started', bucket, id)
      .toArray()
    for (const wake of this.waiting.splice(0)) wake()
    return ended.map(({ started }) => started)
  }

  private async waitForRelease(atMost: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
      timer = setTimeout(resolve, atMost)
    })
    clearTimeout(timer)
  }

  private isTrusted(user: string, address: string): boolean {
    const since = Date.now() - ADDRESS_TRUSTED_FOR
    const { sql } = this.ctx.storage
    return (
      sql.exec('SELECT 1 FROM known WHERE user = ? AND address = ? AND at > ?', user, address, since).toArray().length >
      0
    )
  }

  private async wasUnlocked(bucket: string, emailNormalized: string): Promise<boolean> {
    const now = Date.now()
    if (now - (this.unlockCheckedAt.get(bucket) ?? 0) < UNLOCK_CHECK_INTERVAL) return false
    this.unlockCheckedAt.set(bucket, now)
    const unlockedAt = await findUnlock(this.env, emailNormalized).catch(() => null)
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
