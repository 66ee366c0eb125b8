import { createHash } from 'node:crypto'
import type { Bindings } from '../core/config'
import { ApiError, rateLimited } from '../core/errors'
import { logFailure } from '../core/log'
import { HOUR, MINUTE } from '../lib/time'
import type { PasswordOwner, Throttle } from '../service/context'
import { callDurableObject } from './call-durable-object'
import { LOGIN_FAILURES, type ThrottleDecision } from './durable-objects/login-throttle'

const SHARDS = 64
const ADDRESS_FAILURES = { limit: 100, windowMs: 15 * MINUTE, says: '100 failed logins from one address in 15 minutes' }
const REGISTRATIONS = { limit: 5, windowMs: HOUR, says: '5 registrations an hour from one address' }
const KEY_LOOKUPS = { limit: 10, windowMs: MINUTE, says: '10 unknown API keys a minute from one address' }
const LOGIN_MESSAGE = `${LOGIN_FAILURES.limit} failed logins of one e-mail in 15 minutes`

/** The limits on guessing for a request from an address. Only hashes of e-mails are kept. */
export function throttleFor(env: Pick<Bindings, 'LOGIN_THROTTLE'>, address: string): Throttle {
  const shard = (key: string) => {
    const index = createHash('sha256').update(key).digest().readUInt32BE() % SHARDS
    return env.LOGIN_THROTTLE.getByName(`shard:${index}`)
  }
  const begin = async (name: string, { limit, windowMs, says }: typeof REGISTRATIONS) => {
    const id = crypto.randomUUID()
    const attempt = await callDurableObject(() => shard(address).reserve(`${name}:${address}`, id, limit, windowMs))
    return { bucket: allowed(attempt, says), id }
  }

  return {
    async guardPasswordCheck(owner, check) {
      const email = hashed(owner.emailKey)
      const user = nameOf(owner)
      const byAddress = await begin('address', ADDRESS_FAILURES)
      const attempt = { id: crypto.randomUUID(), email, emailKey: owner.emailKey, user, address }
      const byEmail = allowed(await callDurableObject(() => shard(email).reserveLogin(attempt)), LOGIN_MESSAGE)
      const takeBack = () =>
        Promise.all([
          quietly(() => shard(address).release(byAddress.bucket, byAddress.id)),
          quietly(() => shard(email).release(byEmail, attempt.id)),
        ])
      try {
        const result = await check()
        await takeBack()
        if (user !== null) await quietly(() => shard(email).trustAddress(user, address))
        return result
      } catch (error) {
        if (isFailedLogin(error)) await quietly(() => shard(email).loginFailed(byEmail, attempt.id))
        else await takeBack()
        throw error
      }
    },
    async trustAddress(owner) {
      const user = nameOf(owner)
      if (user !== null) await quietly(() => shard(hashed(owner.emailKey)).trustAddress(user, address))
    },
    async countRegistration() {
      await begin('register', REGISTRATIONS)
    },
    async guardKeyLookup(lookUp) {
      const { bucket, id } = await begin('key', KEY_LOOKUPS)
      const found = await lookUp()
      if (found) await quietly(() => shard(address).release(bucket, id))
      return found
    },
  }
}

function hashed(emailKey: string): string {
  return createHash('sha256').update(emailKey).digest('hex')
}

function nameOf({ user }: PasswordOwner): string | null {
  return user && `${user.accountId}/${user.id}`
}

function allowed(attempt: ThrottleDecision, says: string): string {
  if (attempt.allowed) return attempt.bucket
  throw rateLimited(says, attempt.retryAfterSeconds)
}

/** What is lost leaves an attempt counted that need not be, and so errs on the safe side. */
async function quietly(call: () => unknown): Promise<void> {
  try {
    await callDurableObject(call)
  } catch (error) {
    logFailure('throttle', error)
  }
}

function isFailedLogin(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'invalid_credentials'
}
