import { DAY, MINUTE } from '../../lib/time'
import type { MemberFacts, RevokedToken } from '../member-state'
import type { Window } from '../window'

/** What a caller's object keeps; times are milliseconds. */
interface CallerState {
  minute: number
  count: number
  wrote_at: number
  facts: MemberFacts | null
  facts_at: number
  use_noted_at: number
}

type Row = Omit<CallerState, 'facts'> & { facts: string }

/**
 * The storage of a caller's object: one row, the tokens that were given back, and the changes under way (doubts). All
 * that a request looks at is also in memory, read once when the object wakes; each change is written through without
 * waiting, and the object's answer waits for it.
 */
export class CallerStore {
  private memory: { state: CallerState; doubts: Map<string, number>; revoked: Set<string> } | null = null
  private forgotten = false

  constructor(private readonly storage: DurableObjectStorage) {}

  read(): Readonly<CallerState> {
    return this.load().state
  }

  saveCount({ minute, count }: Window, wroteAt: number): void {
    Object.assign(this.load().state, { minute, count, wrote_at: wroteAt })
    this.storage.sql.exec('UPDATE caller SET minute = ?, count = ?, wrote_at = ?', minute, count, wroteAt)
  }

  saveFacts(facts: MemberFacts | null, at: number, tokens: RevokedToken[]): void {
    const { state, doubts, revoked } = this.load()
    const { sql } = this.storage
    Object.assign(state, { facts, facts_at: at })
    sql.exec('UPDATE caller SET facts = ?, facts_at = ?', JSON.stringify(facts), at)
    for (const { id, expiresAt } of tokens) {
      revoked.add(id)
      sql.exec('INSERT OR IGNORE INTO revoked (token_id, expires_at) VALUES (?, ?)', id, expiresAt)
    }
    const expired = sql.exec<{ token_id: string }>(
      'DELETE FROM revoked WHERE expires_at < ? RETURNING token_id',
      at - MINUTE,
    )
    for (const { token_id } of expired) revoked.delete(token_id)
    for (const [changeId, until] of doubts) if (until < at) this.removeDoubt(changeId)
  }

  /** Each change under way is a doubt of its own: one that is settled must not silence another. */
  addDoubt(changeId: string, until: number): void {
    this.load().doubts.set(changeId, until)
    this.storage.sql.exec('INSERT OR REPLACE INTO doubts (change_id, until) VALUES (?, ?)', changeId, until)
  }

  removeDoubt(changeId: string): void {
    this.load().doubts.delete(changeId)
    this.storage.sql.exec('DELETE FROM doubts WHERE change_id = ?', changeId)
  }

  isDoubted(now: number): boolean {
    return [...this.load().doubts.values()].some((until) => until > now)
  }

  useNoted(time: number): void {
    this.load().state.use_noted_at = time
    this.storage.sql.exec('UPDATE caller SET use_noted_at = ?', time)
  }

  isRevoked(tokenId: string): boolean {
    return this.load().revoked.has(tokenId)
  }

  async forget(): Promise<void> {
    await this.storage.deleteAll()
    this.memory = null
    this.forgotten = true
  }

  private load() {
    this.memory ??= this.wake()
    return this.memory
  }

  private wake() {
    // The alarm went with the rest; the object may live on without being constructed again.
    if (this.forgotten) void this.storage.setAlarm(Date.now() + DAY)
    this.forgotten = false
    const { sql } = this.storage
    sql.exec(
      `CREATE TABLE IF NOT EXISTS caller (
        id INTEGER PRIMARY KEY CHECK (id = 1), minute INTEGER NOT NULL, count INTEGER NOT NULL,
        wrote_at INTEGER NOT NULL, facts TEXT NOT NULL, facts_at INTEGER NOT NULL, use_noted_at INTEGER NOT NULL);
      INSERT OR IGNORE INTO caller VALUES (1, 0, 0, 0, 'null', 0, 0);
      CREATE TABLE IF NOT EXISTS doubts (change_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS revoked (token_id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID`,
    )
    const row = sql.exec<Row>('SELECT minute, count, wrote_at, facts, facts_at, use_noted_at FROM caller').one()
    const doubts = sql.exec<{ change_id: string; until: number }>('SELECT change_id, until FROM doubts').toArray()
    const revoked = sql.exec<{ token_id: string }>('SELECT token_id FROM revoked').toArray()
    return {
      state: { ...row, facts: parseFacts(row.facts) },
      doubts: new Map(doubts.map(({ change_id, until }) => [change_id, until])),
      revoked: new Set(revoked.map(({ token_id }) => token_id)),
    }
  }
}

/** What this class itself has written. */
function parseFacts(text: string): MemberFacts | null {
  return JSON.parse(text)
}
