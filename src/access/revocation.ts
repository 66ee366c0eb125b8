import type { Bindings } from '../core/config'
import { logFailure } from '../core/log'
import type { MemberCache } from '../service/context'
import { callDurableObject } from './call-durable-object'
import type { MemberName } from './member-state'
import { rateLimiterOf } from './objects'
import { limiterName } from './verify-claim'

/**
 * Invalidates a member's cached state around a commit, so that revoked access ends immediately. If a crash comes between,
 * the member's Durable Object bypasses its cache for a minute.
 */
export function memberCacheOf(
  env: Pick<Bindings, 'RATE_LIMITER' | 'OBJECT_JURISDICTION'>,
  accountId: string,
): MemberCache {
  return {
    async withInvalidation({ kind, id }, commit) {
      const member: MemberName =
        kind === 'key' ? { kind: 'key', memberId: id } : { kind: 'token', accountId, memberId: id }
      const object = () => rateLimiterOf(env, limiterName(member))
      const changeId = crypto.randomUUID()
      await callDurableObject(() => object().beginInvalidation(changeId))
      const result = await commit()
      // If this fails, the object bypasses its cache until the pending change expires.
      await callDurableObject(() => object().endInvalidation(changeId, member)).catch((error) =>
        logFailure('end invalidation', error, { account_id: accountId }),
      )
      return result
    },
  }
}
