import type { Bindings } from '../core/config'
import type { Sweeper as SweeperPort } from '../service/context'
import { reach } from './call-durable-object'

/** The sweeper as requests know it. There is one for all accounts. */
export function sweeperOf(env: Pick<Bindings, 'SWEEPER'>): SweeperPort {
  return {
    arm: () => reach(() => env.SWEEPER.getByName('sweeper').arm()),
  }
}
