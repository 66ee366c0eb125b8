import type { Bindings } from '../core/config'
import { logFailure } from '../core/log'
import type { Credentials } from '../service/context'
import { callDurableObject } from './call-durable-object'
import type { MemberName } from './member-state'
import { limiterName } from './verify-claim'

/** Changes to members of an account that hold at once: doubt, commit, settle. */
export function credentialsOf(env: Pick<Bindings, 'RATE_LIMITER'>, accountId: string): Credentials {
  return {
    async withInvalidation({ kind, id }, commit) {
      const member: MemberName =
        kind === 'key' ? { kind: 'key', memberId: id } : { kind: 'token', accountId, memberId: id }
      const object = () => env.RATE_LIMITER.getByName(limiterName(member))
      const changeId = crypto.randomUUID()
      await callDurableObject(() => object().beginInvalidation(changeId))
      const result = await commit()
      // Not settling leaves the object asking D1 each time, until the doubt ends by itself.
      await callDurableObject(() => object().endInvalidation(changeId, member)).catch((error) =>
        logFailure('settle', error, { account_id: accountId }),
      )
      return result
    },
  }
}
