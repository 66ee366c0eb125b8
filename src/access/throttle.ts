import { createHash } from 'node:crypto'
import type { Bindings } from '../core/config'
import { rateLimited, ServiceError } from '../core/errors'
import { logFailure } from '../core/log'
import { HOUR, MINUTE } from '../lib/time'
import type { PasswordOwner, Throttle } from '../service/context'
import { callDurableObject } from './call-durable-object'
import { LOGIN_FAILURES, type ThrottleDecision } from './durable-objects/login-throttle'
import { loginThrottleOf } from './objects'

const SHARDS = 64
const ADDRESS_FAILURES = {
  limit: 100,
  windowMs: 15 * MINUTE,
  message: '100 failed logins from one IP address in 15 minutes',
}
const REGISTRATIONS = { limit: 5, windowMs: HOUR, message: '5 registrations per hour from one IP address' }
const KEY_LOOKUPS = { limit: 10, windowMs: MINUTE, message: '10 unknown API keys per minute from one IP address' }
const LOGIN_MESSAGE = `${LOGIN_FAILURES.limit} failed logins for one email in 15 minutes`

/** Limits of password guesses, registrations and key lookups from an IP address. Only hashes of emails are stored. */
export function throttleFor(env: Pick<Bindings, 'LOGIN_THROTTLE' | 'OBJECT_JURISDICTION'>, address: string): Throttle {
  const shard = (key: string) => {
    const index = createHash('sha256').update(key).digest().readUInt32BE() % SHARDS
    return loginThrottleOf(env, `shard:${index}`)
  }
  const reserve = async (name: string, { limit, windowMs, message }: typeof REGISTRATIONS) => {
    const id = crypto.randomUUID()
    const attempt = await callDurableObject(() => shard(address).reserve(`${name}:${address}`, id, limit, windowMs))
    return { bucket: bucketOf(attempt, message), id }
  }

  return {
    async guardPasswordCheck(owner, check) {
      const email = emailHash(owner.emailNormalized)
      const user = userName(owner)
      const addressAttempt = await reserve('address', ADDRESS_FAILURES)
      const attempt = { id: crypto.randomUUID(), email, emailNormalized: owner.emailNormalized, user, address }
      const emailBucket = bucketOf(await callDurableObject(() => shard(email).reserveLogin(attempt)), LOGIN_MESSAGE)
      const release = () =>
        Promise.all([
          ignoreFailure(() => shard(address).release(addressAttempt.bucket, addressAttempt.id)),
          ignoreFailure(() => shard(email).release(emailBucket, attempt.id)),
        ])
      try {
        const result = await check()
        await release()
        if (user !== null) await ignoreFailure(() => shard(email).trustAddress(user, address))
        return result
      } catch (error) {
        if (isFailedLogin(error)) await ignoreFailure(() => shard(email).loginFailed(emailBucket, attempt.id))
        else await release()
        throw error
      }
    },
    async trustAddress(owner) {
      const user = userName(owner)
      if (user !== null) await ignoreFailure(() => shard(emailHash(owner.emailNormalized)).trustAddress(user, address))
    },
    async countRegistration() {
      await reserve('register', REGISTRATIONS)
    },
    async guardKeyLookup(lookUp) {
      const { bucket, id } = await reserve('key', KEY_LOOKUPS)
      const found = await lookUp()
      if (found) await ignoreFailure(() => shard(address).release(bucket, id))
      return found
    },
  }
}

function emailHash(emailNormalized: string): string {
  return createHash('sha256').update(emailNormalized).digest('hex')
}

function userName({ user }: PasswordOwner): string | null {
  return user && `${user.accountId}/${user.id}`
}

/** Throws 429. */
function bucketOf(decision: ThrottleDecision, message: string): string {
  if (decision.allowed) return decision.bucket
  throw rateLimited(message, decision.retryAfterSeconds)
}

/** A lost call leaves an attempt counted, which errs on the safe side. */
async function ignoreFailure(call: () => unknown): Promise<void> {
  try {
    await callDurableObject(call)
  } catch (error) {
    logFailure('update login throttle', error)
  }
}

function isFailedLogin(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'invalid_credentials'
}
