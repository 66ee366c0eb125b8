import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../env'
import { DAY, HOUR, MINUTE, SECOND } from '../lib/time'
import { findUnlock } from './unlocks'

/** Whether an attempt is let through, and where it is counted. */
export type Attempt = { allowed: true; bucket: string } | { allowed: false; retryAfterSeconds: number }

export const LOGIN_FAILURES = { limit: 10, windowMs: 15 * MINUTE }
const ADDRESS_IS_KNOWN_FOR = 30 * DAY
const KNOWN_ADDRESSES = 20
const UNLOCK_ASKED_EVERY = 20 * SECOND

type Counter = { started: number; count: number }

/**
 * Counts attempts that must not be many: failed logins of an e-mail, failures and registrations of an address. A fixed
 * number of objects share all of them, so that inventing e-mails makes no objects. An attempt is counted when it begins,
 * as if it had failed, and taken back when it succeeds: any number at once can not overshoot the limit.
 */
export class LoginThrottle extends DurableObject<Bindings> {
  private readonly unlockAskedAt = new Map<string, number>()

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    state.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS counters (
        bucket TEXT PRIMARY KEY, started INTEGER NOT NULL, ends INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS known (
        email TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (email, address)) WITHOUT ROWID`,
    )
    state.blockConcurrencyWhile(async () => {
      if ((await state.storage.getAlarm()) === null) await state.storage.setAlarm(Date.now() + HOUR)
    })
  }

  /** Counts an attempt in a bucket that holds `limit` in `windowMs`. */
  begin(bucket: string, limit: number, windowMs: number): Attempt {
    const now = Date.now()
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
    return { allowed: true, bucket }
  }

  /**
   * Counts an attempt to log in to an e-mail (its SHA-256) from an address. An address that the e-mail has logged in from
   * within 30 days has attempts of its own, so that strangers can not lock its owner out. The operator's unlocking is
   * looked up, now and then, before an attempt is refused.
   */
  async beginLogin(email: string, emailKey: string, address: string): Promise<Attempt> {
    const bucket = this.knows(email, address) ? `login:${email}:${address}` : `login:${email}`
    const attempt = this.begin(bucket, LOGIN_FAILURES.limit, LOGIN_FAILURES.windowMs)
    if (attempt.allowed || !(await this.wasUnlocked(bucket, emailKey))) return attempt
    return this.begin(bucket, LOGIN_FAILURES.limit, LOGIN_FAILURES.windowMs)
  }

  /** Takes an attempt back, for it succeeded. Without another the window has not begun. */
  takeBack(bucket: string): void {
    this.ctx.storage.sql.exec('UPDATE counters SET count = count - 1 WHERE bucket = ?', bucket)
    this.ctx.storage.sql.exec('DELETE FROM counters WHERE bucket = ? AND count <= 0', bucket)
  }

  /** Takes a login's attempt back, and knows the address from now on. */
  loginSucceeded(bucket: string, email: string, address: string): void {
    this.takeBack(bucket)
    this.knowAddress(email, address)
  }

  /** Remembers that an e-mail's owner was at an address. */
  knowAddress(email: string, address: string): void {
    const { sql } = this.ctx.storage
    sql.exec('INSERT OR REPLACE INTO known (email, address, at) VALUES (?, ?, ?)', email, address, Date.now())
    sql.exec(
      `DELETE FROM known WHERE email = ? AND address NOT IN
        (SELECT address FROM known WHERE email = ? ORDER BY at DESC LIMIT ?)`,
      email,
      email,
      KNOWN_ADDRESSES,
    )
  }

  /** Forgets windows that have ended and addresses that were not seen for long. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    this.ctx.storage.sql.exec('DELETE FROM counters WHERE ends < ?', now)
    this.ctx.storage.sql.exec('DELETE FROM known WHERE at < ?', now - ADDRESS_IS_KNOWN_FOR)
    this.unlockAskedAt.clear()
    await this.ctx.storage.setAlarm(now + HOUR)
  }

  private counter(bucket: string, now: number, windowMs: number): Counter {
    const [found] = this.ctx.storage.sql
      .exec<Counter>('SELECT started, count FROM counters WHERE bucket = ?', bucket)
      .toArray()
    return found && found.started + windowMs > now ? found : { started: now, count: 0 }
  }

  private knows(email: string, address: string): boolean {
    const since = Date.now() - ADDRESS_IS_KNOWN_FOR
    const { sql } = this.ctx.storage
    return (
      sql.exec('SELECT 1 FROM known WHERE email = ? AND address = ? AND at > ?', email, address, since).toArray()
        .length > 0
    )
  }

  private async wasUnlocked(bucket: string, emailKey: string): Promise<boolean> {
    const now = Date.now()
    if (now - (this.unlockAskedAt.get(bucket) ?? 0) < UNLOCK_ASKED_EVERY) return false
    this.unlockAskedAt.set(bucket, now)
    const unlockedAt = await findUnlock(this.env, emailKey).catch(() => null)
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
