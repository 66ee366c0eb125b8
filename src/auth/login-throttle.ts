import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../env'
import { DAY, HOUR, MINUTE, SECOND } from '../lib/time'
import { findUnlock } from './unlocks'

/** Whether an attempt is let through, and where it is counted. */
export type Attempt = { allowed: true; bucket: string } | { allowed: false; retryAfterSeconds: number }

/** Whose password is tried: the SHA-256 of the e-mail, the one user it can mean, and the address it is tried from. */
interface LoginTry {
  email: string
  emailKey: string
  user: string | null
  address: string
}

export const LOGIN_FAILURES = { limit: 10, windowMs: 15 * MINUTE }
const ADDRESS_IS_KNOWN_FOR = 30 * DAY
const KNOWN_ADDRESSES = 20
const UNLOCK_ASKED_EVERY = 20 * SECOND
const LONGEST_WAIT = 5 * SECOND

type Counter = { started: number; count: number }

/**
 * Counts attempts that must not be many: failed logins of an e-mail; failures, registrations and unknown API keys of an
 * address. A fixed number of objects share all of them, so that inventing e-mails makes no objects. An attempt counts
 * from its beginning, as if it had failed, and is taken back if not: any number at once can not overshoot the limit.
 */
export class LoginThrottle extends DurableObject<Bindings> {
  private readonly unlockAskedAt = new Map<string, number>()
  private readonly underWay = new Map<string, number>()
  private waiting: (() => void)[] = []

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    state.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS counters (
        bucket TEXT PRIMARY KEY, started INTEGER NOT NULL, ends INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS known (
        user TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (user, address)) WITHOUT ROWID`,
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
   * Counts an attempt to log in. An address that the user has logged in from within 30 days has attempts of its own, so
   * that strangers can not lock the user out. Where attempts under way fill the limit, it waits for them: right passwords
   * are not refused for being many at once. The operator's unlocking is looked up, now and then, before a refusal.
   */
  async beginLogin({ email, emailKey, user, address }: LoginTry): Promise<Attempt> {
    const bucket = user !== null && this.knows(user, address) ? `login:${user}:${address}` : `login:${email}`
    const deadline = Date.now() + LONGEST_WAIT
    let attempt = this.beginUnderWay(bucket)
    while (!attempt.allowed && this.isUnderWay(bucket) && Date.now() < deadline) {
      await this.oneHasEnded(deadline - Date.now())
      attempt = this.beginUnderWay(bucket)
    }
    if (attempt.allowed || !(await this.wasUnlocked(bucket, emailKey))) return attempt
    return this.beginUnderWay(bucket)
  }

  /** A login's attempt has failed: it stays counted. */
  loginFailed(bucket: string): void {
    this.ended(bucket)
  }

  /** A login's attempt was no failure: it is taken back. */
  loginUndone(bucket: string): void {
    this.takeBack(bucket)
    this.ended(bucket)
  }

  /** Takes an attempt back. Without another the window has not begun. */
  takeBack(bucket: string): void {
    this.ctx.storage.sql.exec('UPDATE counters SET count = count - 1 WHERE bucket = ?', bucket)
    this.ctx.storage.sql.exec('DELETE FROM counters WHERE bucket = ? AND count <= 0', bucket)
  }

  /** Remembers that a user was at an address. */
  knowAddress(user: string, address: string): void {
    const { sql } = this.ctx.storage
    sql.exec('INSERT OR REPLACE INTO known (user, address, at) VALUES (?, ?, ?)', user, address, Date.now())
    sql.exec(
      `DELETE FROM known WHERE user = ? AND address NOT IN
        (SELECT address FROM known WHERE user = ? ORDER BY at DESC LIMIT ?)`,
      user,
      user,
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

  private beginUnderWay(bucket: string): Attempt {
    const attempt = this.begin(bucket, LOGIN_FAILURES.limit, LOGIN_FAILURES.windowMs)
    if (attempt.allowed) this.underWay.set(bucket, (this.underWay.get(bucket) ?? 0) + 1)
    return attempt
  }

  private isUnderWay(bucket: string): boolean {
    return (this.underWay.get(bucket) ?? 0) > 0
  }

  private ended(bucket: string): void {
    const left = (this.underWay.get(bucket) ?? 0) - 1
    if (left > 0) this.underWay.set(bucket, left)
    else this.underWay.delete(bucket)
    for (const wake of this.waiting.splice(0)) wake()
  }

  private async oneHasEnded(atMost: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
      timer = setTimeout(resolve, atMost)
    })
    clearTimeout(timer)
  }

  private knows(user: string, address: string): boolean {
    const since = Date.now() - ADDRESS_IS_KNOWN_FOR
    const { sql } = this.ctx.storage
    return (
      sql.exec('SELECT 1 FROM known WHERE user = ? AND address = ? AND at > ?', user, address, since).toArray().length >
      0
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
