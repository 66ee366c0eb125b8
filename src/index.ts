import { createApp } from './app'
import { sweepObjects } from './attachments/service'
import { sweepTokens } from './auth/service'
import type { Bindings, WakeMessage } from './env'
import { fanOut, sweepEvents } from './events/service'
import { writeLog } from './http/logging'

export { LoginThrottle } from './auth/login-throttle'
export { RateLimiter } from './rate-limiting/rate-limiter'

const DEAD_LETTERS = 'ticketing-webhooks-dead'

const app = createApp()

export default {
  fetch: app.fetch,

  /** Each message is acknowledged or retried by itself: a handler that throws would bring back those already done. */
  async queue(batch, env) {
    for (const message of batch.messages) {
      if (batch.queue === DEAD_LETTERS) {
        writeLog('error', { dead_letter: message.id, account_id: message.body.account_id })
        message.ack()
        continue
      }
      await fanOut(env, message.body.account_id, Date.now()).then(
        () => message.ack(),
        () => message.retry({ delaySeconds: 5 }),
      )
    }
  },

  async scheduled(_controller, env) {
    const now = Date.now()
    const results = await Promise.allSettled([sweepEvents(env, now), sweepObjects(env, now), sweepTokens(env, now)])
    const failed = results.filter((result) => result.status === 'rejected').length
    if (failed > 0) writeLog('error', { sweep: 'failed', parts: failed })
  },
} satisfies ExportedHandler<Bindings, WakeMessage>
