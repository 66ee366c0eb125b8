import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

/** Deletes the sweeper's storage and its alarm. */
export async function resetSweeper(): Promise<void> {
  await runInDurableObject(env.SWEEPER.getByName('sweeper'), (_sweeper, { storage }) => storage.deleteAll())
}
