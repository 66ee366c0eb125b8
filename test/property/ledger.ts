import { env } from 'cloudflare:workers'
import { readTables } from '../access/twins/tables'
import { rows } from '../helpers/api'
import type { World } from './world'

/** What a look at a thing may leave behind. */
const SEEN = /"(last_used_at|last_login_at)":(\d+|null)/g

/** What the database holds of the accounts of a world, to see that a refused request leaves nothing behind. */
export class Ledger {
  private constructor(
    private readonly tables: Awaited<ReturnType<typeof readTables>>,
    private readonly world: World,
    private held: string,
    private changes: number,
  ) {}

  static async of(world: World): Promise<Ledger> {
    const ledger = new Ledger(await readTables(), world, '', -1)
    await ledger.settle()
    return ledger
  }

  /** Takes what is there now for what should be. */
  async settle(): Promise<void> {
    this.changes = await changes()
    this.held = await this.dump()
  }

  /** What has changed since it was settled; null if nothing has. It costs little where nothing was written at all. */
  async difference(): Promise<string | null> {
    const now = await changes()
    if (now === this.changes) return null
    const [before, after] = [this.held, await this.dump()]
    this.changes = now
    if (before === after) return null
    this.held = after
    let at = 0
    while (before[at] === after[at]) at += 1
    const from = Math.max(0, at - 150)
    return `…${before.slice(from, at + 150)}…\nhas become\n…${after.slice(from, at + 150)}…`
  }

  private async dump(): Promise<string> {
    const { account, other } = this.world
    const statements = this.tables.map(({ name, owner }) =>
      env.DB.prepare(`SELECT * FROM ${name} WHERE ${owner} IN (?, ?)`).bind(account.id, other.id),
    )
    const found = await env.DB.batch(statements)
    return JSON.stringify(this.tables.map(({ name }, index) => [name, found[index]?.results])).replace(SEEN, '')
  }
}

/** How many rows the database has ever written, by any request. */
async function changes(): Promise<number> {
  return (await rows<{ count: number }>('SELECT total_changes() AS count'))[0]?.count ?? 0
}
