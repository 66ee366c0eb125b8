import { sweeperOf } from './access/sweeper-client'
import { createApp } from './app'
import type { Bindings } from './core/config'
import { finishBody } from './http/finish-body'
import type { FanOutMessage } from './service/wake-up-queue'
import { consume, consumeDeadLetters } from './webhooks/service'

export { LoginThrottle } from './access/durable-objects/login-throttle'
export { RateLimiter } from './access/durable-objects/rate-limiter'
export { Sweeper } from './jobs/sweeper'

/** The suffix of dead letter queues in every environment of wrangler.toml. */
const DEAD_LETTER_SUFFIX = '-dead'

const app = createApp()

export default {
  async fetch(request: Request, env, ctx) {
    const response = await app.fetch(request, env, ctx)
    await finishBody(request)
    return response
  },

  async queue(batch, env, ctx) {
    if (batch.queue.endsWith(DEAD_LETTER_SUFFIX)) await consumeDeadLetters(env, batch.messages)
    else await consume(env, ctx, batch.messages)
  },

  /** The sweeper schedules itself; this recovers it if that ever failed. */
  async scheduled(_controller, env) {
    await sweeperOf(env).ensureScheduled()
  },
} satisfies ExportedHandler<Bindings, FanOutMessage>
