import { DurableObject } from 'cloudflare:workers'
import { type CallerFacts, findCallerFacts } from '../auth/service'
import { type Bindings, configOf } from '../env'
import { DAY, MINUTE, SECOND } from '../lib/time'
import { countOne, type Verdict } from './window'

/** What a caller's credential claims, once its signature has been checked. */
export interface Claim {
  accountId: string
  memberId: string
  generation: number
}

export type Admission =
  | { vouched: false }
  | { vouched: true; role: CallerFacts['role']; plan: CallerFacts['plan']; verdict: Verdict; wroteRecently: boolean }

const REFRESH_AFTER = 30 * SECOND
const STALE_AFTER = 60 * SECOND
const RECENT_WRITE = 60 * SECOND

type Row = { minute: number; count: number; wrote_at: number; facts: string; facts_at: number }

/**
 * One object for each caller: counts its requests, and knows whether its credential still holds. The truth is in D1;
 * the object keeps a copy that is refreshed beside the requests after 30 s and before the next one after 60 s.
 */
export class RateLimiter extends DurableObject<Bindings> {
  private refreshing: Promise<void> | null = null
  private ready = false

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    state.blockConcurrencyWhile(() => this.scheduleCleanup())
  }

  /**
   * Counts a request of a known caller and says whether it is admitted. A claim that no longer holds is not counted
   * here. Throws when D1 had to be asked and could not be reached.
   */
  async admit(claim: Claim, writes: boolean): Promise<Admission> {
    await this.freshFacts(claim)
    const now = Date.now()
    const row = this.read()
    const facts = parseFacts(row.facts)
    if (!facts?.active || facts.generation !== claim.generation) return { vouched: false }
    const limit = configOf(this.env).rateLimits[facts.plan]
    const { window, verdict } = countOne(row, now, limit)
    const wroteAt = writes && verdict.admitted ? now : row.wrote_at
    this.ctx.storage.sql.exec(
      'UPDATE caller SET minute = ?, count = ?, wrote_at = ?',
      window.minute,
      window.count,
      wroteAt,
    )
    const wroteRecently = now - row.wrote_at < RECENT_WRITE
    return { vouched: true, role: facts.role, plan: facts.plan, verdict, wroteRecently }
  }

  /** Counts a request of an address, which has no credential. */
  count(): Verdict {
    const { window, verdict } = countOne(this.read(), Date.now(), configOf(this.env).rateLimits.standard)
    this.ctx.storage.sql.exec('UPDATE caller SET minute = ?, count = ?', window.minute, window.count)
    return verdict
  }

  /** Answers if the object can be reached. */
  ping(): boolean {
    return true
  }

  /** Forgets all after a day without a request. What a credential is worth is in D1, so nothing revoked comes back. */
  override async alarm(): Promise<void> {
    const idle = Date.now() - this.read().minute * MINUTE
    if (idle < DAY) await this.ctx.storage.setAlarm(Date.now() + DAY)
    else {
      await this.ctx.storage.deleteAll()
      this.ready = false
    }
  }

  private async scheduleCleanup(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + DAY)
  }

  private read(): Row {
    if (!this.ready) this.prepare()
    return this.ctx.storage.sql.exec<Row>('SELECT minute, count, wrote_at, facts, facts_at FROM caller').one()
  }

  private prepare(): void {
    this.ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS caller (
        id INTEGER PRIMARY KEY CHECK (id = 1), minute INTEGER NOT NULL, count INTEGER NOT NULL,
        wrote_at INTEGER NOT NULL, facts TEXT NOT NULL, facts_at INTEGER NOT NULL);
      INSERT OR IGNORE INTO caller VALUES (1, 0, 0, 0, 'null', 0)`,
    )
    this.ready = true
  }

  private async freshFacts(claim: Claim): Promise<void> {
    const age = Date.now() - this.read().facts_at
    if (age < REFRESH_AFTER) return
    this.refreshing ??= this.refresh(claim).finally(() => {
      this.refreshing = null
    })
    if (age >= STALE_AFTER) await this.refreshing
    else this.refreshing.catch(() => undefined)
  }

  private async refresh(claim: Claim): Promise<void> {
    const asked = Date.now()
    const facts = await findCallerFacts(this.env, claim.accountId, claim.memberId)
    this.ctx.storage.sql.exec('UPDATE caller SET facts = ?, facts_at = ?', JSON.stringify(facts), asked)
  }
}

function parseFacts(text: string): CallerFacts | null {
  return JSON.parse(text)
}
