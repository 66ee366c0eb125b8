import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../../core/config'
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/time'
import { findUnlockTime } from '../login-unlocks'
import { AttemptCounters, type AttemptDecision, type AttemptLimit } from './attempt-counters'

interface LoginAttempt {
  /** A random ID of this attempt. */
  id: string
  /** The SHA-256 of the email. */
  email: string
  emailNormalized: string
  /** `<account ID>/<user ID>` of each user that may log in with the email. */
  users: readonly string[]
  /** The IP address. */
  address: string
}

/** A user with whose password that of the attempt may be compared, and where the attempt is counted. */
export interface LoginCandidate {
  /** Null if no user may log in with the email. */
  user: string | null
  isTrusted: boolean
  loginBucket: string
  /** Only for a user that is not trusted, next to other candidates. */
  mismatchBucket: string | null
}

export type LoginDecision =
  | { allowed: true; candidates: LoginCandidate[] }
  | { allowed: false; retryAfterSeconds: number }

/** What became of an attempt; `trusted` is the user that logged in from an IP address. */
interface Outcome {
  counted: readonly string[]
  refunded: readonly string[]
  trusted?: { user: string; address: string } | undefined
}

export const LOGIN_FAILURES = { limit: 10, windowMs: 15 * MINUTE }
const TRUST_DURATION = 30 * DAY
const MAX_TRUSTED_ADDRESSES = 20
const UNLOCK_CHECK_INTERVAL = 20 * SECOND
const MAX_WAIT = 5 * SECOND

/**
 * Counts failed logins of an email, and failed logins, registrations and unknown API keys of an IP address. A fixed number of
 * objects share all counters, so that made-up emails create no objects.
 */
export class LoginThrottle extends DurableObject<Bindings> {
  private readonly unlockCheckedAt = new Map<string, number>()
  private readonly counters: AttemptCounters

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    this.counters = new AttemptCounters(state.storage.sql)
    state.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS known (
        user TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (user, address)) WITHOUT ROWID`,
    )
    state.blockConcurrencyWhile(async () => {
      if ((await state.storage.getAlarm()) === null) await state.storage.setAlarm(Date.now() + HOUR)
    })
  }

  /** Counts an attempt in all buckets, or in none of them if one is full. */
  reserve(id: string, limits: readonly AttemptLimit[]): AttemptDecision {
    return this.counters.reserve(id, limits)
  }

  /**
   * Counts a login for each candidate whose limit allows it. If no limit does, it waits for concurrent logins, and then checks
   * whether the operator has unlocked the email.
   */
  async reserveLogin(attempt: LoginAttempt): Promise<LoginDecision> {
    const candidates = this.candidatesOf(attempt)
    const reserve = () => candidates.map((candidate) => this.reserveCandidate(attempt.id, candidate))
    const decisions = await this.waitForCapacity(candidates, reserve)
    const unlocked = await Promise.all(
      decisions.map((decision) => !decision.allowed && this.resetIfUnlocked(decision.bucket, attempt.emailNormalized)),
    )
    return toLoginDecision(candidates, unlocked.includes(true) ? reserve() : decisions)
  }

  /** Ends an attempt, and remembers an IP address from which the user has logged in. */
  settle(id: string, { trusted, ...outcome }: Outcome): void {
    this.counters.settle(id, outcome)
    if (trusted) this.trustAddress(trusted.user, trusted.address)
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
    this.counters.deleteExpired(now)
    this.ctx.storage.sql.exec('DELETE FROM known WHERE at < ?', now - TRUST_DURATION)
    this.unlockCheckedAt.clear()
    await this.ctx.storage.setAlarm(now + HOUR)
  }

  /**
   * An IP address that a user has logged in from has a bucket of its own for the user, so that others cannot lock the user out.
   *
   * The bucket of mismatches limits what one candidate learns about the password of another: an admin of a user with the
   * same email could otherwise set its password to a guess, log in, and see from the ambiguity that the guess is right.
   */
  private candidatesOf({ email, users, address }: LoginAttempt): LoginCandidate[] {
    const byEmail = { isTrusted: false, loginBucket: `login:${email}`, mismatchBucket: null }
    if (users.length === 0) return [{ ...byEmail, user: null }]
    return users.map((user) => {
      if (this.isTrusted(user, address))
        return { user, isTrusted: true, loginBucket: `login:${user}:${address}`, mismatchBucket: null }
      return { ...byEmail, user, mismatchBucket: users.length > 1 ? `mismatch:${user}` : null }
    })
  }

  private reserveCandidate(id: string, { loginBucket, mismatchBucket }: LoginCandidate): AttemptDecision {
    const buckets = mismatchBucket === null ? [loginBucket] : [loginBucket, mismatchBucket]
    return this.counters.reserve(
      id,
      buckets.map((bucket) => ({ bucket, ...LOGIN_FAILURES })),
    )
  }

  /** Waits while logins in flight fill the limits: correct passwords are not rejected because they are concurrent. */
  private async waitForCapacity(
    candidates: readonly LoginCandidate[],
    reserve: () => AttemptDecision[],
  ): Promise<AttemptDecision[]> {
    const deadline = Date.now() + MAX_WAIT
    const hasInFlight = () => candidates.some(({ loginBucket }) => this.counters.hasInFlight(loginBucket))
    let decisions = reserve()
    while (decisions.every(({ allowed }) => !allowed) && hasInFlight() && Date.now() < deadline) {
      await this.counters.waitForSettlement(deadline - Date.now())
      decisions = reserve()
    }
    return decisions
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
    const age = now - (this.unlockCheckedAt.get(bucket) ?? 0)
    if (age >= 0 && age < UNLOCK_CHECK_INTERVAL) return false
    this.unlockCheckedAt.set(bucket, now)
    const unlockedAt = await findUnlockTime(this.env, emailNormalized).catch(() => null)
    return unlockedAt !== null && this.counters.reset(bucket, unlockedAt)
  }
}

/** Refused if no candidate is allowed. */
function toLoginDecision(candidates: readonly LoginCandidate[], decisions: readonly AttemptDecision[]): LoginDecision {
  const allowed = candidates.filter((_, index) => decisions[index]?.allowed)
  if (allowed.length > 0) return { allowed: true, candidates: allowed }
  const waits = decisions.map((decision) => (decision.allowed ? 0 : decision.retryAfterSeconds))
  return { allowed: false, retryAfterSeconds: Math.min(...waits) }
}
