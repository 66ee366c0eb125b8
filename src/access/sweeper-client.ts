import type { Bindings } from '../core/config'
import type { SweeperClient } from '../service/context'
import { callDurableObject } from './call-durable-object'

/** One sweeper serves all accounts. */
export function sweeperOf(env: Pick<Bindings, 'SWEEPER'>): SweeperClient {
  return {
    ensureScheduled: () => callDurableObject(() => env.SWEEPER.getByName('sweeper').ensureScheduled()),
  }
}
