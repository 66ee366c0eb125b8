import type { MemberFacts, RevokedToken } from '../auth/service'
import { DAY, MINUTE } from '../lib/time'
import type { Window } from './window'

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

/** The storage of a caller's object: one row, doubts, and tokens that were given back; all without waiting. */
export class CallerStore {
  private ready = false
  private forgotten = false

  constructor(private readonly storage: DurableObjectStorage) {}

  read(): CallerState {
    this.prepare()
    const row = this.storage.sql.exec<Row>('SELECT * FROM caller').one()
    return { ...row, facts: parseFacts(row.facts) }
  }

  saveCount({ minute, count }: Window, wroteAt: number): void {
    this.storage.sql.exec('UPDATE caller SET minute = ?, count = ?, wrote_at = ?', minute, count, wroteAt)
  }

  saveFacts(facts: MemberFacts | null, at: number, revoked: RevokedToken[]): void {
    this.prepare()
    this.storage.sql.exec('UPDATE caller SET facts = ?, facts_at = ?', JSON.stringify(facts), at)
    for (const { id, expiresAt } of revoked)
      this.storage.sql.exec('INSERT OR IGNORE INTO revoked (token_id, expires_at) VALUES (?, ?)', id, expiresAt)
    this.storage.sql.exec('DELETE FROM revoked WHERE expires_at < ?', at - MINUTE)
    this.storage.sql.exec('DELETE FROM doubts WHERE until < ?', at)
  }

  /** Each change under way is a doubt of its own: one that is settled must not silence another. */
  addDoubt(changeId: string, until: number): void {
    this.prepare()
    this.storage.sql.exec('INSERT OR REPLACE INTO doubts (change_id, until) VALUES (?, ?)', changeId, until)
  }

  removeDoubt(changeId: string): void {
    this.prepare()
    this.storage.sql.exec('DELETE FROM doubts WHERE change_id = ?', changeId)
  }

  isDoubted(now: number): boolean {
    this.prepare()
    return this.storage.sql.exec('SELECT 1 FROM doubts WHERE until > ?', now).toArray().length > 0
  }

  useNoted(time: number): void {
    this.prepare()
    this.storage.sql.exec('UPDATE caller SET use_noted_at = ?', time)
  }

  isRevoked(tokenId: string): boolean {
    this.prepare()
    return this.storage.sql.exec('SELECT 1 FROM revoked WHERE token_id = ?', tokenId).toArray().length > 0
  }

  async forget(): Promise<void> {
    await this.storage.deleteAll()
    this.ready = false
    this.forgotten = true
  }

  private prepare(): void {
    if (this.ready) return
    // The alarm went with the rest; the object may live on without being constructed again.
    if (this.forgotten) void this.storage.setAlarm(Date.now() + DAY)
    this.forgotten = false
    this.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS caller (
        id INTEGER PRIMARY KEY CHECK (id = 1), minute INTEGER NOT NULL, count INTEGER NOT NULL,
        wrote_at INTEGER NOT NULL, facts TEXT NOT NULL, facts_at INTEGER NOT NULL, use_noted_at INTEGER NOT NULL);
      INSERT OR IGNORE INTO caller VALUES (1, 0, 0, 0, 'null', 0, 0);
      CREATE TABLE IF NOT EXISTS doubts (change_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS revoked (token_id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID`,
    )
    this.ready = true
  }
}

/** What this class itself has written. */
function parseFacts(text: string): MemberFacts | null {
  return JSON.parse(text)
}
