import { DurableObject } from 'cloudflare:workers'
import { type Bindings, configOf } from '../../core/config'
import type { Claim } from '../../core/credential'
import { logFailure } from '../../core/log'
import { ExpiringSet } from '../../lib/expiring-set'
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/time'
import { type DatabaseUnavailable, returnDatabaseFailure } from '../call-durable-object'
import { findMemberState, type MemberName, type MemberState, touchApiKey } from '../member-state'
import { isValidClaim } from '../verify-claim'
import { hit, type RateLimitResult } from '../window'
import { AddressCounters, type AddressRateLimit } from './address-counters'
import { RateLimiterStore } from './rate-limiter-store'

type Verification =
  | { valid: false }
  | {
      valid: true
      accountId: string
      role: MemberState['role']
      plan: MemberState['plan']
      rateLimit: RateLimitResult
      wroteRecently: boolean
    }

const REFRESH_AFTER = 30 * SECOND
const STALE_AFTER = 60 * SECOND
const RECENT_WRITE = 60 * SECOND
/** Longer than any commit takes. */
const INVALIDATION = 60 * SECOND
const TOUCH_INTERVAL = HOUR
const MAX_REJECTED_TOKENS = 100

type TokenClaim = Extract<Claim, { kind: 'token' }>

/**
 * One object for each caller counts its requests and verifies its credential. A fixed number of objects count the requests of
 * IP addresses. D1 is the source of truth: the object's copy is
 * refreshed in the background after 30 s, before the next request after 60 s, and bypassed while a change is pending.
 */
export class RateLimiter extends DurableObject<Bindings> {
  private readonly store: RateLimiterStore
  private addresses: AddressCounters | null = null
  private refreshing: Promise<MemberState | null> | null = null
  private reads = 0
  private newestRead = 0
  private readonly rejectedTokens = new ExpiringSet(MAX_REJECTED_TOKENS)

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    this.store = new RateLimiterStore(state.storage)
    state.blockConcurrencyWhile(() => this.scheduleCleanup())
  }

  /**
   * Counts a request, unless its claim is not valid. Nothing is awaited between reading and writing the count, so that exactly
   * the limit is admitted.
   */
  verifyAndCount(claim: Claim, writes: boolean): Promise<Verification | DatabaseUnavailable> {
    return returnDatabaseFailure(async () => {
      const known = await this.memberState(claim)
      const memberState = claim.kind === 'token' && isNewer(claim, known) ? await this.newerState(claim, known) : known
      const now = Date.now()
      if (!memberState || !isValidClaim(claim, memberState, now)) return { valid: false }
      if (claim.kind === 'token' && this.store.isRevoked(claim.tokenId)) return { valid: false }
      const { minute, count, last_write_at } = this.store.read()
      const { window, rateLimit } = hit({ minute, count }, now, configOf(this.env).rateLimits[memberState.plan])
      if (rateLimit.admitted) this.store.saveCount(window, writes ? now : last_write_at)
      if (claim.kind === 'key') this.touchKey(memberState.accountId, claim.memberId, now)
      const wroteRecently = now - last_write_at < RECENT_WRITE
      return {
        valid: true,
        accountId: memberState.accountId,
        role: memberState.role,
        plan: memberState.plan,
        rateLimit,
        wroteRecently,
      }
    })
  }

  /** Counts a request without a valid credential, in an object that many IP addresses share. */
  count(address: string, network: string | null): AddressRateLimit {
    // Schedules the cleanup again if it has deleted everything.
    this.store.read()
    this.addresses ??= new AddressCounters(this.ctx.storage.sql)
    return this.addresses.count(address, network, Date.now(), configOf(this.env).rateLimits.standard)
  }

  /** Call it before the commit of a change to the member's credential or role: the cache is bypassed from now on. */
  beginInvalidation(changeId: string): void {
    this.store.addPendingChange(changeId, Date.now() + INVALIDATION)
  }

  /** Call it after the commit. If D1 is unavailable, the change stays pending. */
  endInvalidation(changeId: string, member: MemberName): Promise<DatabaseUnavailable | null> {
    return returnDatabaseFailure(async () => {
      await this.readMember(member)
      this.store.removePendingChange(changeId)
      return null
    })
  }

  ping(): boolean {
    return true
  }

  /** Deletes everything after a day without a request. Nothing that was revoked becomes valid: D1 has it. */
  override async alarm(): Promise<void> {
    const newest = Math.max(this.store.read().minute, AddressCounters.newestMinute(this.ctx.storage.sql))
    if (Date.now() - newest * MINUTE < DAY) {
      await this.ctx.storage.setAlarm(Date.now() + DAY)
      return
    }
    this.addresses = null
    await this.store.deleteAll()
  }

  private async scheduleCleanup(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + DAY)
  }

  private async memberState(claim: Claim): Promise<MemberState | null> {
    const { memberState, cached_at } = this.store.read()
    const now = Date.now()
    if (this.store.hasPendingChange(now, now + INVALIDATION)) return this.readMember(claim)
    // After a clock went back, the age is unknown.
    const age = now < cached_at ? STALE_AFTER : now - cached_at
    if (age < REFRESH_AFTER) return memberState
    this.refreshing ??= this.readMember(claim).finally(() => {
      this.refreshing = null
    })
    if (age >= STALE_AFTER) return this.refreshing
    this.refreshing.catch((error) => logFailure('refresh member state', error))
    return memberState
  }

  /**
   * Reads the member for a token of a later version, which only the operator can have raised in D1. A token that is rejected
   * nevertheless is not looked up again for a minute; `memberState` sees an operator's change within that time.
   */
  private async newerState(claim: TokenClaim, known: MemberState | null): Promise<MemberState | null> {
    if (this.rejectedTokens.has(claim.tokenId, Date.now())) return known
    const memberState = await this.readMember(claim)
    if (isNewer(claim, memberState)) this.rejectedTokens.add(claim.tokenId, Date.now() + MINUTE)
    return memberState
  }

  /** A read that began earlier does not overwrite the result of a later one. */
  private async readMember(member: MemberName): Promise<MemberState | null> {
    this.reads += 1
    const read = this.reads
    const startedAt = Date.now()
    const { cached_at } = this.store.read()
    // Under a clock that ran ahead, tokens may have been revoked since then at earlier times.
    const since = cached_at > startedAt ? 0 : cached_at
    const { memberState, revokedTokens } = await findMemberState(this.env, member, since)
    if (read < this.newestRead) return memberState
    this.newestRead = read
    this.store.cacheMember(memberState, startedAt, revokedTokens)
    return memberState
  }

  private touchKey(accountId: string, keyId: string, now: number): void {
    const age = now - this.store.read().touched_at
    if (age >= 0 && age < TOUCH_INTERVAL) return
    this.store.saveTouchTime(now)
    this.ctx.waitUntil(
      touchApiKey(this.env, accountId, keyId, now).catch((error) => {
        logFailure('record API key use', error, { account_id: accountId })
        this.store.saveTouchTime(0)
      }),
    )
  }
}

function isNewer(claim: TokenClaim, memberState: MemberState | null): boolean {
  return memberState !== null && claim.tokenVersion > memberState.tokenVersion
}
