import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

/** Takes away all that the sweeper keeps, the alarm with it that another file may have armed in the same runtime. */
export async function forgetSweeper(): Promise<void> {
  await runInDurableObject(env.SWEEPER.getByName('sweeper'), (_sweeper, { storage }) => storage.deleteAll())
}
