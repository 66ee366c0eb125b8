import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../core/config'
import { logFailure } from '../core/log'
import { SECOND } from '../lib/time'
import { sweep } from './sweep'

const PERIOD = 20 * SECOND

/** The account after which the next sweep begins. */
const AFTER = 'after'

/**
 * One object whose alarm sweeps every 20 seconds, whether anybody sends a request or not: a crash is followed by the next
 * alarm, which is kept in the object's storage. It sends nothing itself, it rings the queue.
 */
export class Sweeper extends DurableObject<Bindings> {
  /** Makes sure that the alarm is set. */
  async ensureScheduled(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + PERIOD)
  }

  /** The next alarm is set before anything else, and nothing is thrown: an alarm that throws six times is given up. */
  override async alarm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + PERIOD)
    const after = (await this.ctx.storage.get<string>(AFTER)) ?? ''
    const next = await sweep(this.env, after, Date.now()).catch((error) => {
      logFailure('sweep', error)
      return ''
    })
    if (next !== after) await this.ctx.storage.put(AFTER, next)
  }
}
