import { DurableObject } from 'cloudflare:workers'
import { type Bindings, configOf } from '../../core/config'
import { logFailure } from '../../core/log'
import { ExpiringSet } from '../../lib/expiring-set'
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/time'
import { type DatabaseUnavailable, returnDatabaseFailure } from '../call-durable-object'
import type { Claim } from '../credentials'
import { findMemberState, type MemberName, type MemberState, touchApiKey } from '../member-state'
import { isValidClaim } from '../verify-claim'
import { hit, type RateLimitResult } from '../window'
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
/** How long an announced change is doubted: longer than any commit takes. */
const INVALIDATION = 60 * SECOND
const TOUCH_INTERVAL = HOUR
const MAX_REJECTED_TOKENS = 100

type TokenClaim = Extract<Claim, { kind: 'token' }>

/**
 * One object for each caller: counts its requests, and knows whether its credential still holds. The truth is in D1;
 * the object keeps a copy that is refreshed beside the requests after 30 s and before the next one after 60 s, and is
 * not trusted at all while a change is under way.
 */
export class RateLimiter extends DurableObject<Bindings> {
  private readonly store: RateLimiterStore
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
   * Counts a request of a known caller and says whether it is admitted. A claim that does not hold is not counted here.
   * Between reading and writing the count nothing is awaited, so that exactly the limit gets through.
   */
  verifyAndCount(claim: Claim, writes: boolean): Promise<Verification | DatabaseUnavailable> {
    return returnDatabaseFailure(async () => {
      const known = await this.memberState(claim)
      const memberState = claim.kind === 'token' && isNewer(claim, known) ? await this.newerState(claim, known) : known
      const now = Date.now()
      if (!memberState || !isValidClaim(claim, memberState, now)) return { valid: false }
      if (claim.kind === 'token' && this.store.isRevoked(claim.tokenId)) return { valid: false }
      const { minute, count, wrote_at } = this.store.read()
      const { window, rateLimit } = hit({ minute, count }, now, configOf(this.env).rateLimits[memberState.plan])
      if (rateLimit.admitted) this.store.saveCount(window, writes ? now : wrote_at)
      if (claim.kind === 'key') this.touchKey(memberState.accountId, claim.memberId, now)
      const wroteRecently = now - wrote_at < RECENT_WRITE
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

  /** Counts a request of an address, which has no credential. */
  count(): RateLimitResult {
    const { minute, count, wrote_at } = this.store.read()
    const { window, rateLimit } = hit({ minute, count }, Date.now(), configOf(this.env).rateLimits.standard)
    if (rateLimit.admitted) this.store.saveCount(window, wrote_at)
    return rateLimit
  }

  /** To be called before a change of the member's credential or rights is committed: from now on D1 is asked each time. */
  beginInvalidation(changeId: string): void {
    this.store.addPendingChange(changeId, Date.now() + INVALIDATION)
  }

  /** To be called once the change is committed: reads it. If D1 is unavailable, the pending change stays. */
  endInvalidation(changeId: string, member: MemberName): Promise<DatabaseUnavailable | null> {
    return returnDatabaseFailure(async () => {
      await this.readMember(member)
      this.store.removePendingChange(changeId)
      return null
    })
  }

  /** Answers if the object can be reached. */
  ping(): boolean {
    return true
  }

  /** Forgets all after a day without a request. What a credential is worth is in D1, so nothing revoked comes back. */
  override async alarm(): Promise<void> {
    const idle = Date.now() - this.store.read().minute * MINUTE
    if (idle < DAY) await this.ctx.storage.setAlarm(Date.now() + DAY)
    else await this.store.forget()
  }

  private async scheduleCleanup(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + DAY)
  }

  private async memberState(claim: Claim): Promise<MemberState | null> {
    const { memberState, facts_at } = this.store.read()
    const now = Date.now()
    if (this.store.hasPendingChange(now)) return this.readMember(claim)
    // A clock that went back tells no age.
    const age = now < facts_at ? STALE_AFTER : now - facts_at
    if (age < REFRESH_AFTER) return memberState
    this.refreshing ??= this.readMember(claim).finally(() => {
      this.refreshing = null
    })
    if (age >= STALE_AFTER) return this.refreshing
    this.refreshing.catch((error) => logFailure('facts', error))
    return memberState
  }

  /**
   * Reads the member for a token of a later generation: the operator may have changed it in D1. A token that is refused
   * all the same is not looked up again for a minute; `facts` reads an operator's change within that time.
   */
  private async newerState(claim: TokenClaim, known: MemberState | null): Promise<MemberState | null> {
    if (this.rejectedTokens.has(claim.tokenId, Date.now())) return known
    const memberState = await this.readMember(claim)
    if (isNewer(claim, memberState)) this.rejectedTokens.add(claim.tokenId, Date.now() + MINUTE)
    return memberState
  }

  /** Reads the member from D1. What a later read has found is not replaced by what an earlier one finds. */
  private async readMember(member: MemberName): Promise<MemberState | null> {
    this.reads += 1
    const mine = this.reads
    const before = Date.now()
    const known = this.store.read().facts_at
    const { memberState, revokedTokens } = await findMemberState(this.env, member, known)
    if (mine < this.newestRead) return memberState
    this.newestRead = mine
    this.store.cacheMember(memberState, before, revokedTokens)
    return memberState
  }

  private touchKey(accountId: string, keyId: string, now: number): void {
    if (now - this.store.read().use_noted_at < TOUCH_INTERVAL) return
    this.store.saveTouchTime(now)
    this.ctx.waitUntil(
      touchApiKey(this.env, accountId, keyId, now).catch((error) => {
        logFailure('key use', error, { account_id: accountId })
        this.store.saveTouchTime(0)
      }),
    )
  }
}

/** Whether a token is of a later generation than is known: the operator has ended those before it, and D1 knows. */
function isNewer(claim: TokenClaim, memberState: MemberState | null): boolean {
  return memberState !== null && claim.tokenVersion > memberState.tokenVersion
}
