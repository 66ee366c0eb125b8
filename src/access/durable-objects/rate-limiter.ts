import { DurableObject } from 'cloudflare:workers'
import { type Bindings, configOf } from '../../core/config'
import { logFailure } from '../../core/log'
import { ExpiringSet } from '../../lib/expiring-set'
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/time'
import type { Claim } from '../credentials'
import { findMemberFacts, type MemberFacts, type MemberName, noteKeyUse } from '../member-state'
import { holds } from '../verify-claim'
import { countOne, type Verdict } from '../window'
import { CallerStore } from './rate-limiter-store'

type Admission =
  | { vouched: false }
  | {
      vouched: true
      accountId: string
      role: MemberFacts['role']
      plan: MemberFacts['plan']
      verdict: Verdict
      wroteRecently: boolean
    }

const REFRESH_AFTER = 30 * SECOND
const STALE_AFTER = 60 * SECOND
const RECENT_WRITE = 60 * SECOND
/** How long an announced change is doubted: longer than any commit takes. */
const DOUBT = 60 * SECOND
const NOTE_USE_EVERY = HOUR
const MAX_REFUSED_TOKENS = 100

type TokenClaim = Extract<Claim, { kind: 'token' }>

/**
 * One object for each caller: counts its requests, and knows whether its credential still holds. The truth is in D1;
 * the object keeps a copy that is refreshed beside the requests after 30 s and before the next one after 60 s, and is
 * not trusted at all while a change is under way.
 */
export class RateLimiter extends DurableObject<Bindings> {
  private readonly store: CallerStore
  private refreshing: Promise<MemberFacts | null> | null = null
  private reads = 0
  private newestRead = 0
  private readonly refusedTokens = new ExpiringSet(MAX_REFUSED_TOKENS)

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    this.store = new CallerStore(state.storage)
    state.blockConcurrencyWhile(() => this.scheduleCleanup())
  }

  /**
   * Counts a request of a known caller and says whether it is admitted. A claim that does not hold is not counted here.
   * Between reading and writing the count nothing is awaited, so that exactly the limit gets through. Throws when D1 had
   * to be asked and could not be reached.
   */
  async admit(claim: Claim, writes: boolean): Promise<Admission> {
    const known = await this.facts(claim)
    const facts = claim.kind === 'token' && isNewer(claim, known) ? await this.newerFacts(claim, known) : known
    const now = Date.now()
    if (!facts || !holds(claim, facts, now)) return { vouched: false }
    if (claim.kind === 'token' && this.store.isRevoked(claim.tokenId)) return { vouched: false }
    const { minute, count, wrote_at } = this.store.read()
    const { window, verdict } = countOne({ minute, count }, now, configOf(this.env).rateLimits[facts.plan])
    if (verdict.admitted) this.store.saveCount(window, writes ? now : wrote_at)
    if (claim.kind === 'key') this.noteUse(facts.accountId, claim.memberId, now)
    const wroteRecently = now - wrote_at < RECENT_WRITE
    return { vouched: true, accountId: facts.accountId, role: facts.role, plan: facts.plan, verdict, wroteRecently }
  }

  /** Counts a request of an address, which has no credential. */
  count(): Verdict {
    const { minute, count, wrote_at } = this.store.read()
    const { window, verdict } = countOne({ minute, count }, Date.now(), configOf(this.env).rateLimits.standard)
    if (verdict.admitted) this.store.saveCount(window, wrote_at)
    return verdict
  }

  /** To be called before a change of the member's credential or rights is committed: from now on D1 is asked each time. */
  doubt(changeId: string): void {
    this.store.addDoubt(changeId, Date.now() + DOUBT)
  }

  /** To be called once the change is committed: reads it. Throws when D1 can't be reached; the doubt then stays. */
  async settle(changeId: string, member: MemberName): Promise<void> {
    await this.readFacts(member)
    this.store.removeDoubt(changeId)
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

  private async facts(claim: Claim): Promise<MemberFacts | null> {
    const { facts, facts_at } = this.store.read()
    const now = Date.now()
    if (this.store.isDoubted(now)) return this.readFacts(claim)
    // A clock that went back tells no age.
    const age = now < facts_at ? STALE_AFTER : now - facts_at
    if (age < REFRESH_AFTER) return facts
    this.refreshing ??= this.readFacts(claim).finally(() => {
      this.refreshing = null
    })
    if (age >= STALE_AFTER) return this.refreshing
    this.refreshing.catch((error) => logFailure('facts', error))
    return facts
  }

  /**
   * Reads the member for a token of a later generation: the operator may have changed it in D1. A token that is refused
   * all the same is not looked up again for a minute; `facts` reads an operator's change within that time.
   */
  private async newerFacts(claim: TokenClaim, known: MemberFacts | null): Promise<MemberFacts | null> {
    if (this.refusedTokens.has(claim.tokenId, Date.now())) return known
    const facts = await this.readFacts(claim)
    if (isNewer(claim, facts)) this.refusedTokens.add(claim.tokenId, Date.now() + MINUTE)
    return facts
  }

  /** Reads the member from D1. What a later read has found is not replaced by what an earlier one finds. */
  private async readFacts(member: MemberName): Promise<MemberFacts | null> {
    this.reads += 1
    const mine = this.reads
    const asked = Date.now()
    const known = this.store.read().facts_at
    const { facts, revokedTokens } = await findMemberFacts(this.env, member, known)
    if (mine < this.newestRead) return facts
    this.newestRead = mine
    this.store.saveFacts(facts, asked, revokedTokens)
    return facts
  }

  private noteUse(accountId: string, keyId: string, now: number): void {
    if (now - this.store.read().use_noted_at < NOTE_USE_EVERY) return
    this.store.useNoted(now)
    this.ctx.waitUntil(
      noteKeyUse(this.env, accountId, keyId, now).catch((error) => {
        logFailure('key use', error, { account_id: accountId })
        this.store.useNoted(0)
      }),
    )
  }
}

/** Whether a token is of a later generation than is known: the operator has ended those before it, and D1 knows. */
function isNewer(claim: TokenClaim, facts: MemberFacts | null): boolean {
  return facts !== null && claim.generation > facts.generation
}
