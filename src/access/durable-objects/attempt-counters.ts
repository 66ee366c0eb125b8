import { MINUTE, SECOND } from '../../lib/time'
import { CLOCK_MARGIN } from '../clock'

/** Longer than a login takes: an older attempt that was not settled was lost, and stays counted. */
const MAX_ATTEMPT_DURATION = MINUTE

/** A bucket and how many attempts it allows within a time (ms) that begins with the first one. */
export interface AttemptLimit {
  bucket: string
  limit: number
  windowMs: number
}

/** The bucket of a refusal is the first one that is full. */
export type AttemptDecision = { allowed: true } | { allowed: false; bucket: string; retryAfterSeconds: number }

type Counter = { started: number; count: number }

/**
 * Counters of attempts in the storage of a Durable Object. An attempt counts as failed until it is refunded: concurrent
 * attempts cannot exceed the limit. Callers repeat calls whose response was lost, so each attempt has an ID, and is counted
 * and refunded once.
 */
export class AttemptCounters {
  private waiting: (() => void)[] = []

  constructor(private readonly sql: SqlStorage) {
    sql.exec(
      `CREATE TABLE IF NOT EXISTS counters (
        bucket TEXT PRIMARY KEY, started INTEGER NOT NULL, ends INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS attempts (
        bucket TEXT NOT NULL, id TEXT NOT NULL, started INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (bucket, id)) WITHOUT ROWID`,
    )
  }

  /** Counts an attempt in all buckets, or in none of them if one is full. */
  reserve(id: string, limits: readonly AttemptLimit[]): AttemptDecision {
    const now = Date.now()
    const added = limits.filter(({ bucket }) => !this.isCounted(bucket, id))
    for (const { bucket, limit, windowMs } of added) {
      const { started, count } = this.counter(bucket, now, windowMs)
      if (count >= limit) return { allowed: false, bucket, retryAfterSeconds: secondsUntil(started + windowMs, now) }
    }
    for (const { bucket, windowMs } of added) this.add(bucket, id, now, windowMs)
    return { allowed: true }
  }

  /** Ends an attempt: it stays counted in some buckets, and is uncounted in others unless their window has ended. */
  settle(id: string, { counted, refunded }: { counted: readonly string[]; refunded: readonly string[] }): void {
    for (const bucket of counted) this.removeAttempt(bucket, id)
    for (const bucket of refunded) {
      for (const started of this.removeAttempt(bucket, id))
        this.sql.exec('UPDATE counters SET count = count - 1 WHERE bucket = ? AND started = ?', bucket, started)
      this.sql.exec('DELETE FROM counters WHERE bucket = ? AND count <= 0', bucket)
    }
    for (const resume of this.waiting.splice(0)) resume()
  }

  hasInFlight(bucket: string): boolean {
    const now = Date.now()
    const inFlight = this.sql.exec(
      'SELECT 1 FROM attempts WHERE bucket = ? AND at > ? AND at <= ? LIMIT 1',
      bucket,
      now - MAX_ATTEMPT_DURATION,
      now + CLOCK_MARGIN,
    )
    return inFlight.toArray().length > 0
  }

  /** Waits until an attempt of any bucket is settled. */
  async waitForSettlement(timeoutMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
      timer = setTimeout(resolve, timeoutMs)
    })
    clearTimeout(timer)
  }

  /** Deletes a counter that began before a time (ms). */
  reset(bucket: string, before: number): boolean {
    return (
      this.sql.exec('DELETE FROM counters WHERE bucket = ? AND started < ? RETURNING bucket', bucket, before).toArray()
        .length > 0
    )
  }

  /** Deletes windows that have ended, and lost attempts. */
  deleteExpired(now: number): void {
    const latest = now + CLOCK_MARGIN
    this.sql.exec('DELETE FROM counters WHERE ends < ? OR started > ?', now, latest)
    this.sql.exec('DELETE FROM attempts WHERE at <= ? OR at > ?', now - MAX_ATTEMPT_DURATION, latest)
  }

  private add(bucket: string, id: string, now: number, windowMs: number): void {
    const { started, count } = this.counter(bucket, now, windowMs)
    this.sql.exec(
      'INSERT OR REPLACE INTO counters (bucket, started, ends, count) VALUES (?, ?, ?, ?)',
      bucket,
      started,
      started + windowMs,
      count + 1,
    )
    this.sql.exec('DELETE FROM attempts WHERE bucket = ? AND at <= ?', bucket, now - MAX_ATTEMPT_DURATION)
    this.sql.exec('INSERT INTO attempts VALUES (?, ?, ?, ?)', bucket, id, started, now)
  }

  private counter(bucket: string, now: number, windowMs: number): Counter {
    const [found] = this.sql.exec<Counter>('SELECT started, count FROM counters WHERE bucket = ?', bucket).toArray()
    const isCurrent = found && found.started <= now + CLOCK_MARGIN && found.started + windowMs > now
    return isCurrent ? found : { started: now, count: 0 }
  }

  private isCounted(bucket: string, id: string): boolean {
    return this.sql.exec('SELECT 1 FROM attempts WHERE bucket = ? AND id = ?', bucket, id).toArray().length > 0
  }

  /** Returns the start of the attempt's window; none if it has ended before. */
  private removeAttempt(bucket: string, id: string): number[] {
    return this.sql
      .exec<{ started: number }>('DELETE FROM attempts WHERE bucket = ? AND id = ? RETURNING started', bucket, id)
      .toArray()
      .map(({ started }) => started)
  }
}

function secondsUntil(end: number, now: number): number {
  return Math.max(1, Math.ceil((end - now) / SECOND))
}
