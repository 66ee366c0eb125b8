import type { Bindings } from '../../../src/core/config'
import worker, { RateLimiter as Limiter, Sweeper as Sweep, LoginThrottle as Throttle } from '../../../src/index'
import type { FanOutMessage } from '../../../src/service/wake-up-queue'
import { type Resettable, setFaults, withFaults } from './faulty-bindings'

const ABORTED = 'reset by quality/edge'

/** The classes have the names in wrangler.toml. */
export class RateLimiter extends Limiter implements Resettable {
  constructor(state: DurableObjectState, env: Bindings) {
    super(state, withFaults(env))
  }

  reset(): void {
    this.ctx.abort(ABORTED)
  }
}

export class LoginThrottle extends Throttle implements Resettable {
  reset(): void {
    this.ctx.abort(ABORTED)
  }
}

export class Sweeper extends Sweep implements Resettable {
  constructor(state: DurableObjectState, env: Bindings) {
    super(state, withFaults(env))
  }

  reset(): void {
    this.ctx.abort(ABORTED)
  }
}

/**
 * An entry point for the local server, with bindings that fail now and then. They do from the first
 * `PUT /edge/faults` on: `{"d1":3,"objects":5}` says how often.
 */
export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/edge/faults') return worker.fetch(request, withFaults(env), ctx)
    setFaults(await request.json())
    return new Response(null, { status: 204 })
  },
  queue: (batch, env, ctx) => worker.queue(batch, withFaults(env), ctx),
  scheduled: (controller, env) => worker.scheduled(controller, withFaults(env)),
} satisfies ExportedHandler<Bindings, FanOutMessage>
