import type { AccountDb } from './db/client'
import type { Config } from './env'
import type { Role } from './roles'

/** Who is calling, as the caller's Durable Object vouched for it. */
export interface Caller {
  accountId: string
  id: string
  role: Role
}

/** What a service gets beside its input: the caller, the caller's database, the clock (ms) and the outside world. */
export interface ServiceContext {
  caller: Caller
  db: AccountDb
  files: R2Bucket
  config: Config
  now: number
  /** Origin of absolute URLs, and the prefix (`/api/v1`) the request used. */
  links: { origin: string; prefix: string }
  /** Wakes the sender of events. It may be lost: the sweep finds what it would have told. */
  wake(): void
  /** Work that may outlive the answer, and may be lost. */
  later(work: Promise<unknown>): void
}
