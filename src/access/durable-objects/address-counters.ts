import { MINUTE } from '../../lib/time'
import { NETWORK_FACTOR } from '../client-address'
import { hit, type RateLimitResult, type RateLimitWindow } from '../window'

/** `isNetwork`: the limit of the network is the one that is reached, or the closest. */
export interface AddressRateLimit extends RateLimitResult {
  isNetwork: boolean
}

/** The requests of many IP addresses and their networks, by minute, in the storage of a Durable Object. */
export class AddressCounters {
  private sweptMinute = 0

  constructor(private readonly sql: SqlStorage) {
    sql.exec(
      'CREATE TABLE IF NOT EXISTS addresses (key TEXT PRIMARY KEY, minute INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID',
    )
  }

  /** The latest minute of any counter in an object, also one that has none. */
  static newestMinute(sql: SqlStorage): number {
    const exists = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'addresses'").toArray().length > 0
    return exists
      ? sql.exec<{ minute: number }>('SELECT coalesce(max(minute), 0) AS minute FROM addresses').one().minute
      : 0
  }

  /** Counts a request for the IP address and its network, or for none of them if one is over its limit. */
  count(address: string, network: string | null, now: number, limit: number): AddressRateLimit {
    this.sweep(Math.floor(now / MINUTE))
    const own = hit(this.read(address), now, limit)
    if (network === null) {
      if (own.rateLimit.admitted) this.write(address, own.window)
      return { ...own.rateLimit, isNetwork: false }
    }
    const all = hit(this.read(network), now, limit * NETWORK_FACTOR)
    if (own.rateLimit.admitted && all.rateLimit.admitted) {
      this.write(address, own.window)
      this.write(network, all.window)
    }
    const isCloser = !all.rateLimit.admitted || all.rateLimit.remaining < own.rateLimit.remaining
    const isNetwork = own.rateLimit.admitted && isCloser
    return { ...(isNetwork ? all : own).rateLimit, isNetwork }
  }

  /** Once a minute. The minute before may still count, because clocks differ. */
  private sweep(minute: number): void {
    if (minute === this.sweptMinute) return
    this.sweptMinute = minute
    this.sql.exec('DELETE FROM addresses WHERE minute < ? OR minute > ?', minute - 1, minute + 1)
  }

  private read(key: string): RateLimitWindow {
    const [found] = this.sql
      .exec<{ minute: number; count: number }>('SELECT minute, count FROM addresses WHERE key = ?', key)
      .toArray()
    return found ?? { minute: 0, count: 0 }
  }

  private write(key: string, { minute, count }: RateLimitWindow): void {
    this.sql.exec('INSERT OR REPLACE INTO addresses (key, minute, count) VALUES (?, ?, ?)', key, minute, count)
  }
}
