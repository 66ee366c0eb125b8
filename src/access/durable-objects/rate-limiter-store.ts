import { DAY, MINUTE } from '../../lib/time'
import { CLOCK_MARGIN } from '../clock'
import type { MemberState, RevokedToken } from '../member-state'
import type { RateLimitWindow } from '../window'

/** Times are in ms. The tables and columns keep the names that they have in deployed objects. */
interface CallerState {
  minute: number
  count: number
  last_write_at: number
  memberState: MemberState | null
  cached_at: number
  touched_at: number
}

type Row = Omit<CallerState, 'memberState'> & { member_state: string }

/**
 * The storage of a caller's object: one row, the revoked tokens and the pending changes. All of it is also in memory, read when
 * the object starts. Writes go through without waiting, and the object's response waits for them (output gate).
 */
export class RateLimiterStore {
  private memory: { state: CallerState; pendingChanges: Map<string, number>; revoked: Set<string> } | null = null
  private isDeleted = false

  constructor(private readonly storage: DurableObjectStorage) {}

  read(): Readonly<CallerState> {
    return this.load().state
  }

  saveCount({ minute, count }: RateLimitWindow, lastWriteAt: number): void {
    Object.assign(this.load().state, { minute, count, last_write_at: lastWriteAt })
    this.storage.sql.exec('UPDATE caller SET minute = ?, count = ?, wrote_at = ?', minute, count, lastWriteAt)
  }

  cacheMember(memberState: MemberState | null, at: number, tokens: RevokedToken[]): void {
    const { state, pendingChanges, revoked } = this.load()
    const { sql } = this.storage
    if (state.memberState && memberState && memberState.tokenVersion > state.memberState.tokenVersion)
      this.forgetRevoked(memberState.exemptTokenId)
    Object.assign(state, { memberState, cached_at: at })
    sql.exec('UPDATE caller SET facts = ?, facts_at = ?', JSON.stringify(memberState), at)
    for (const { id, expiresAt } of tokens) {
      revoked.add(id)
      sql.exec('INSERT OR IGNORE INTO revoked (token_id, expires_at) VALUES (?, ?)', id, expiresAt)
    }
    const expired = sql.exec<{ token_id: string }>(
      'DELETE FROM revoked WHERE expires_at < ? RETURNING token_id',
      at - MINUTE,
    )
    for (const { token_id } of expired) revoked.delete(token_id)
    for (const [changeId, until] of pendingChanges) if (until < at) this.removePendingChange(changeId)
  }

  /** Each change is pending by itself, so that the end of one does not end another. */
  addPendingChange(changeId: string, until: number): void {
    this.load().pendingChanges.set(changeId, until)
    this.storage.sql.exec('INSERT OR REPLACE INTO doubts (change_id, until) VALUES (?, ?)', changeId, until)
  }

  removePendingChange(changeId: string): void {
    this.load().pendingChanges.delete(changeId)
    this.storage.sql.exec('DELETE FROM doubts WHERE change_id = ?', changeId)
  }

  /** A change under a clock that ran ahead stays pending until `latest`. */
  hasPendingChange(now: number, latest: number): boolean {
    for (const [changeId, until] of this.load().pendingChanges)
      if (until > latest + CLOCK_MARGIN) this.addPendingChange(changeId, latest)
    return [...this.load().pendingChanges.values()].some((until) => until > now)
  }

  saveTouchTime(time: number): void {
    this.load().state.touched_at = time
    this.storage.sql.exec('UPDATE caller SET use_noted_at = ?', time)
  }

  isRevoked(tokenId: string): boolean {
    return this.load().revoked.has(tokenId)
  }

  /** Tokens of an earlier version are not valid anyway, except for one. */
  private forgetRevoked(exemptTokenId: string | null): void {
    const forgotten = this.storage.sql.exec<{ token_id: string }>(
      'DELETE FROM revoked WHERE token_id IS NOT ? RETURNING token_id',
      exemptTokenId,
    )
    for (const { token_id } of forgotten) this.load().revoked.delete(token_id)
  }

  async deleteAll(): Promise<void> {
    await this.storage.deleteAll()
    this.memory = null
    this.isDeleted = true
  }

  private load() {
    this.memory ??= this.readAll()
    return this.memory
  }

  private readAll() {
    // deleteAll removed the alarm, and the object may serve requests without being constructed again.
    if (this.isDeleted) void this.storage.setAlarm(Date.now() + DAY)
    this.isDeleted = false
    const { sql } = this.storage
    sql.exec(
      `CREATE TABLE IF NOT EXISTS caller (
        id INTEGER PRIMARY KEY CHECK (id = 1), minute INTEGER NOT NULL, count INTEGER NOT NULL,
        wrote_at INTEGER NOT NULL, facts TEXT NOT NULL, facts_at INTEGER NOT NULL, use_noted_at INTEGER NOT NULL);
      INSERT OR IGNORE INTO caller VALUES (1, 0, 0, 0, 'null', 0, 0);
      CREATE TABLE IF NOT EXISTS doubts (change_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS revoked (token_id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID`,
    )
    const { member_state: memberState, ...row } = sql
      .exec<Row>(
        `SELECT minute, count, wrote_at AS last_write_at, facts AS member_state, facts_at AS cached_at,
          use_noted_at AS touched_at FROM caller`,
      )
      .one()
    const pendingChanges = sql
      .exec<{ change_id: string; until: number }>('SELECT change_id, until FROM doubts')
      .toArray()
    const revoked = sql.exec<{ token_id: string }>('SELECT token_id FROM revoked').toArray()
    return {
      state: { ...row, ...cachedMember(memberState, row.cached_at) },
      pendingChanges: new Map(pendingChanges.map(({ change_id, until }) => [change_id, until])),
      revoked: new Set(revoked.map(({ token_id }) => token_id)),
    }
  }
}

/** Releases up to 0.1 cached other names: such a state is read from D1 again. */
function cachedMember(json: string, cachedAt: number): Pick<CallerState, 'memberState' | 'cached_at'> {
  const memberState: MemberState | null = JSON.parse(json)
  const isCurrent = memberState === null || memberState.tokenVersion !== undefined
  return isCurrent ? { memberState, cached_at: cachedAt } : { memberState: null, cached_at: 0 }
}
