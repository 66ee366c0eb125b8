import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../core/config'
import { logFailure } from '../core/log'
import { SECOND } from '../lib/time'
import { BEGINNING, type SweepProgress, sweep } from './sweep'

const PERIOD = 20 * SECOND

/** Storage key; earlier releases stored the account after which the fan-out continues as `after`. */
const PROGRESS = 'progress'

/** A single object whose alarm runs the sweep every 20 seconds. The alarm is stored, so it also fires after a crash. */
export class Sweeper extends DurableObject<Bindings> {
  async ensureScheduled(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + PERIOD)
  }

  /** Sets the next alarm first and does not throw: after six failures Cloudflare would stop retrying the alarm. */
  override async alarm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + PERIOD)
    const progress = (await this.ctx.storage.get<SweepProgress>(PROGRESS)) ?? BEGINNING
    const next = await sweep(this.env, progress, Date.now()).catch((error) => {
      logFailure('sweep', error)
      return BEGINNING
    })
    if (next.fanOut !== progress.fanOut || next.events !== progress.events) await this.ctx.storage.put(PROGRESS, next)
  }
}
