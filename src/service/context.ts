import type { Caller } from '../core/caller'
import type { Config } from '../core/config'
import type { AccountDb, DirectoryDb } from '../db/client'
import type { IdempotencyKey, IdempotencyRecord } from '../db/idempotency-records'
import type { ActiveWebhooks } from '../db/outbox'

/** What a service gets beside its input: the caller, the caller's database, the clock (ms) and the outside world. */
export interface ServiceContext {
  caller: Caller
  db: AccountDb
  files: R2Bucket
  config: Config
  now: number
  /** Origin of absolute URLs, and the origin and prefix (`/api/v1`) the request used. */
  links: { origin: string; requested: string; prefix: string }
  credentials: Credentials
  throttle: Throttle
  /** Wakes the sender of events, if anybody listens. It may be lost: the sweep finds what it would have told. */
  notifyConsumer(activeWebhooks: ActiveWebhooks | undefined): void
  sweeper: Sweeper
  /** By what the request is carried out once; null where it brings no key. */
  idempotency: RequestIdempotency | null
  /** The versions that `If-Match` names; null where the request does not care. */
  expectedVersions: readonly number[] | null
  /** Work that may outlive the answer, and may be lost. */
  later(work: Promise<unknown>): void
}

/** What is known of a request with an idempotency key. */
export interface RequestIdempotency extends IdempotencyKey {
  /** What seals a secret of the answer: the first key seals, any opens. */
  encryptionKeys: readonly Buffer[]
  /** What was done under the key before, once that is known. */
  found?: IdempotencyRecord
  /** Says that the answer is an earlier one. */
  markReplayed(): void
}

/** What a service for callers without a credential gets. */
export interface PublicContext {
  directory: DirectoryDb
  openAccount(accountId: string): AccountDb
  config: Config
  now: number
  throttle: Throttle
  notifyConsumer(accountId: string, activeWebhooks: ActiveWebhooks | undefined): void
}

/**
 * Changes to a member's credential or rights, so that they hold at once: the member's Durable Object is told to doubt
 * what it knows, the change is committed, the object reads anew. A crash in between leaves it doubting, and asking D1
 * on every call, for a minute. Throws 503 when the object can't be told; then nothing is changed.
 */
export interface Credentials {
  withInvalidation<T>(member: Pick<Caller, 'kind' | 'id'>, commit: () => Promise<T>): Promise<T>
}

/** What looks after everything that was left behind. */
export interface Sweeper {
  /** Makes sure that it will run. Throws 503 when it can't be reached. */
  ensureScheduled(): Promise<void>
}

/** Whose password is checked: the e-mail that is named, and the one user it can mean, if there is one. */
export interface PasswordOwner {
  emailNormalized: string
  user: { accountId: string; id: string } | null
}

/** Limits on guessing, kept in Durable Objects. Each throws 429 with `Retry-After`, or 503. */
export interface Throttle {
  /**
   * Checks a password, counted from its beginning as if it had failed. `check` throws 401 `invalid_credentials` when it
   * fails; success, and any other error, takes the count back. The address is known to a user who succeeded.
   */
  guardPasswordCheck<T>(owner: PasswordOwner, check: () => Promise<T>): Promise<T>
  /** Knows the caller's address to a user from now on. It may fail in silence: only a convenience is lost. */
  trustAddress(owner: PasswordOwner): Promise<void>
  /** Counts a registration from the caller's address. */
  countRegistration(): Promise<void>
  /** Looks up an API key that this service can not judge by itself; one that is found is not counted. */
  guardKeyLookup(lookUp: () => Promise<boolean>): Promise<boolean>
}
