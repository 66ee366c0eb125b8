import type { Bindings } from '../core/config'
import type { Sweeper as SweeperPort } from '../service/context'
import { callDurableObject } from './call-durable-object'

/** One sweeper serves all accounts. */
export function sweeperOf(env: Pick<Bindings, 'SWEEPER'>): SweeperPort {
  return {
    ensureScheduled: () => callDurableObject(() => env.SWEEPER.getByName('sweeper').ensureScheduled()),
  }
}
