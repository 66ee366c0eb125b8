import { env } from 'cloudflare:workers'
import { changesSoFar } from '../../test/helpers/d1'
import { readTables } from '../tenant-isolation/tables'
import type { World } from './fixture'

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
    this.changes = await changesSoFar()
    this.held = await this.dump()
  }

  /** Throws if anything has changed since it was settled. It costs little where nothing was written at all. */
  async expectUnchanged(after: string): Promise<void> {
    const changes = await changesSoFar()
    if (changes === this.changes) return
    const [held, now] = [this.held, await this.dump()]
    this.changes = changes
    if (held === now) return
    this.held = now
    let at = 0
    while (held[at] === now[at]) at += 1
    const around = (text: string) => `…${text.slice(Math.max(0, at - 150), at + 150)}…`
    throw new Error(`${after} has left something behind: ${around(held)}\nhas become\n${around(now)}`)
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
