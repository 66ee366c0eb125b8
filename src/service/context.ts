import type { Caller } from '../core/caller'
import type { Config } from '../core/config'
import type { AccountDb, DirectoryDb } from '../db/client'
import type { IdempotencyKey, IdempotencyRecord } from '../db/idempotency-records'
import type { ActiveWebhooks } from '../db/outbox'

/** The caller, the caller's database, the time (ms) and the ports of a service. */
export interface ServiceContext {
  caller: Caller
  db: AccountDb
  files: R2Bucket
  config: Config
  now: number
  /** Origin of absolute URLs, and the origin and prefix (`/api/v1`) the request used. */
  links: { origin: string; requested: string; prefix: string }
  memberCache: MemberCache
  throttle: Throttle
  /** Enqueues a fan-out if there are active webhooks. It may be lost: the sweep enqueues it then. */
  notifyConsumer(activeWebhooks: ActiveWebhooks | undefined): void
  sweeper: SweeperClient
  /** Null without an idempotency key. */
  idempotency: RequestIdempotency | null
  /** From `If-Match`; null for any version. */
  expectedVersions: readonly number[] | null
  /** Runs after the response, and may be lost. */
  runAfterResponse(work: Promise<unknown>): void
}

export interface RequestIdempotency extends IdempotencyKey {
  /** For a secret in the response: the first key encrypts, any of them decrypts. */
  encryptionKeys: readonly Buffer[]
  /** The record of an earlier request with the key, once it was read. */
  found?: IdempotencyRecord
  /** Adds the header `Idempotent-Replayed`. */
  markReplayed(): void
}

/** For requests without a credential. */
export interface PublicContext {
  directory: DirectoryDb
  openAccount(accountId: string): AccountDb
  config: Config
  now: number
  throttle: Throttle
  notifyConsumer(accountId: string, activeWebhooks: ActiveWebhooks | undefined): void
}

/**
 * Invalidates a member's cached state around a commit, so that revoked access ends immediately. If we crash in between, the
 * Durable Object bypasses its cache for a minute. Throws 503 if the object cannot be reached; then nothing is committed.
 */
export interface MemberCache {
  withInvalidation<T>(member: Pick<Caller, 'kind' | 'id'>, commit: () => Promise<T>): Promise<T>
}

export interface SweeperClient {
  /** Throws 503 if the Durable Object cannot be reached. */
  ensureScheduled(): Promise<void>
}

/** A user whose password is checked. */
export interface PasswordOwner {
  accountId: string
  id: string
}

/** Limits against brute force, in Durable Objects. Each method throws 429 with `Retry-After`, or 503. */
export interface Throttle {
  /**
   * Counts a failure before it calls `check`, and refunds it unless `check` throws 401 `invalid_credentials`. `check` gets those
   * candidates whose limits allow a comparison with their password, and returns the one that it authenticated. That user then
   * trusts the caller's IP address.
   */
  guardPasswordCheck<T extends PasswordOwner>(
    emailNormalized: string,
    candidates: readonly T[],
    check: (allowed: readonly T[]) => Promise<T>,
  ): Promise<T>
  /** Trusts the caller's IP address. Failures are ignored. */
  trustAddress(emailNormalized: string, user: PasswordOwner): Promise<void>
  /** By the caller's IP address. */
  countRegistration(): Promise<void>
  /** For API keys of a rotated `APP_SECRET`: counts a failure if `lookUp` does not find the key. */
  guardKeyLookup(lookUp: () => Promise<boolean>): Promise<boolean>
}
