import { createHash } from 'node:crypto'
import type { Bindings } from '../core/config'
import { rateLimited, ServiceError } from '../core/errors'
import { logFailure } from '../core/log'
import { HOUR, MINUTE } from '../lib/time'
import type { PasswordOwner, Throttle } from '../service/context'
import { callDurableObject } from './call-durable-object'
import { LOGIN_FAILURES, type LoginCandidate } from './durable-objects/login-throttle'

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
export function throttleFor(env: Pick<Bindings, 'LOGIN_THROTTLE'>, address: string): Throttle {
  const shard = (key: string) => {
    const index = createHash('sha256').update(key).digest().readUInt32BE() % SHARDS
    return env.LOGIN_THROTTLE.getByName(`shard:${index}`)
  }
  const reserve = async (name: string, { message, ...limit }: typeof REGISTRATIONS) => {
    const bucket = `${name}:${address}`
    const id = crypto.randomUUID()
    const decision = await callDurableObject(() => shard(address).reserve(id, [{ bucket, ...limit }]))
    if (!decision.allowed) throw rateLimited(message, decision.retryAfterSeconds)
    return { refund: () => ignoreFailure(() => shard(address).settle(id, { counted: [], refunded: [bucket] })) }
  }
  const reserveLogin = async (emailNormalized: string, users: readonly string[]) => {
    const email = emailHash(emailNormalized)
    const attempt = { id: crypto.randomUUID(), email, emailNormalized, users, address }
    const decision = await callDurableObject(() => shard(email).reserveLogin(attempt))
    if (!decision.allowed) throw rateLimited(LOGIN_MESSAGE, decision.retryAfterSeconds)
    const { candidates } = decision
    const settle = (counted: readonly string[], user?: string) => {
      const refunded = candidates.flatMap(bucketsOf).filter((bucket) => !counted.includes(bucket))
      const trusted = user === undefined ? undefined : { user, address }
      return ignoreFailure(() => shard(email).settle(attempt.id, { counted, refunded, trusted }))
    }
    return { candidates, settle }
  }

  return {
    async guardPasswordCheck(emailNormalized, owners, check) {
      const addressAttempt = await reserve('address', ADDRESS_FAILURES)
      const { candidates, settle } = await reserveLogin(emailNormalized, owners.map(userName))
      try {
        const allowed = new Set(candidates.map(({ user }) => user))
        const owner = await check(owners.filter((each) => allowed.has(userName(each))))
        const user = userName(owner)
        await Promise.all([addressAttempt.refund(), settle(mismatchesOf(candidates, user), user)])
        return owner
      } catch (error) {
        if (isFailedLogin(error)) await settle(candidates.flatMap(bucketsOf))
        else await Promise.all([addressAttempt.refund(), settle([])])
        throw error
      }
    },
    async trustAddress(emailNormalized, user) {
      await ignoreFailure(() => shard(emailHash(emailNormalized)).trustAddress(userName(user), address))
    },
    async countRegistration() {
      await reserve('register', REGISTRATIONS)
    },
    async guardKeyLookup(lookUp) {
      const attempt = await reserve('key', KEY_LOOKUPS)
      const found = await lookUp()
      if (found) await attempt.refund()
      return found
    },
  }
}

function bucketsOf({ loginBucket, mismatchBucket }: LoginCandidate): string[] {
  return mismatchBucket === null ? [loginBucket] : [loginBucket, mismatchBucket]
}

/** The buckets of the other candidates, with whose passwords that of a user was compared. */
function mismatchesOf(candidates: readonly LoginCandidate[], user: string): string[] {
  return candidates.flatMap((each) => (each.user === user || each.mismatchBucket === null ? [] : [each.mismatchBucket]))
}

function emailHash(emailNormalized: string): string {
  return createHash('sha256').update(emailNormalized).digest('hex')
}

function userName({ accountId, id }: PasswordOwner): string {
  return `${accountId}/${id}`
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
