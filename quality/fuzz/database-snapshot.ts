import { env } from 'cloudflare:workers'
import { sql } from '../../src/db/sql'
import { changesSoFar } from '../../test/helpers/d1'
import { prepare } from '../../test/helpers/database'
import { readTables } from '../tenant-isolation/tables'
import type { Fixture } from './fixture'

/** Reading may change these. */
const CHANGED_BY_READS = /"(last_used_at|last_login_at)":(\d+|null)/g

/** The rows of a fixture's accounts, to detect effects of rejected requests. */
export class DatabaseSnapshot {
  private constructor(
    private readonly tables: Awaited<ReturnType<typeof readTables>>,
    private readonly fixture: Fixture,
    private content: string,
    private changes: number,
  ) {}

  static async of(fixture: Fixture): Promise<DatabaseSnapshot> {
    const snapshot = new DatabaseSnapshot(await readTables(), fixture, '', -1)
    await snapshot.update()
    return snapshot
  }

  async update(): Promise<void> {
    this.changes = await changesSoFar()
    this.content = await this.read()
  }

  /** Throws if a row has changed since the last update. Cheap if nothing was written. */
  async expectUnchanged(after: string): Promise<void> {
    const changes = await changesSoFar()
    if (changes === this.changes) return
    const [content, now] = [this.content, await this.read()]
    this.changes = changes
    if (content === now) return
    this.content = now
    let index = 0
    while (content[index] === now[index]) index += 1
    const around = (text: string) => `…${text.slice(Math.max(0, index - 150), index + 150)}…`
    throw new Error(`${after} has left something behind: ${around(content)}\nhas become\n${around(now)}`)
  }

  private async read(): Promise<string> {
    const { account, other } = this.fixture
    const statements = this.tables.map(({ name, accountColumn }) =>
      prepare(sql`SELECT * FROM ${sql.raw(name)} WHERE ${sql.raw(accountColumn)} IN (${account.id}, ${other.id})`),
    )
    const found = await env.DB.batch(statements)
    return JSON.stringify(this.tables.map(({ name }, index) => [name, found[index]?.results])).replace(
      CHANGED_BY_READS,
      '',
    )
  }
}
