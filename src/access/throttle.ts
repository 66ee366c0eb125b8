import { createHash } from 'node:crypto'
import type { Bindings } from '../core/config'
import { rateLimited, ServiceError } from '../core/errors'
import { logFailure } from '../core/log'
import { HOUR, MINUTE } from '../lib/time'
import type { PasswordOwner, Throttle } from '../service/context'
import { callDurableObject } from './call-durable-object'
import { ipNetworkKey, NETWORK_FACTOR, shardOf } from './client-address'
import { LOGIN_FAILURES, type LoginCandidate } from './durable-objects/login-throttle'
import { loginThrottleOf } from './objects'

const SHARDS = 64
interface AddressLimit {
  limit: number
  windowMs: number
  message: (limit: number, source: string) => string
}
const ADDRESS_FAILURES: AddressLimit = {
  limit: 100,
  windowMs: 15 * MINUTE,
  message: (limit, source) => `${limit} failed logins from one ${source} in 15 minutes`,
}
const REGISTRATIONS: AddressLimit = {
  limit: 5,
  windowMs: HOUR,
  message: (limit, source) => `${limit} registrations per hour from one ${source}`,
}
const KEY_LOOKUPS: AddressLimit = {
  limit: 10,
  windowMs: MINUTE,
  message: (limit, source) => `${limit} unknown API keys per minute from one ${source}`,
}
const LOGIN_MESSAGE = `${LOGIN_FAILURES.limit} failed logins for one email in 15 minutes`

/** Limits of password guesses, registrations and key lookups from an IP address. Only hashes of emails are stored. */
export function throttleFor(env: Pick<Bindings, 'LOGIN_THROTTLE' | 'OBJECT_JURISDICTION'>, address: string): Throttle {
  const shard = (key: string) => loginThrottleOf(env, `shard:${shardOf(key, SHARDS)}`)
  const network = ipNetworkKey(address)
  const addressShard = () => shard(network ?? address)
  const reserve = async (name: string, { limit, windowMs, message }: AddressLimit) => {
    const own = { bucket: `${name}:${address}`, limit, windowMs }
    const ofNetwork = { bucket: `${name}:${network}`, limit: limit * NETWORK_FACTOR, windowMs }
    const limits = network === null ? [own] : [own, ofNetwork]
    const id = crypto.randomUUID()
    const decision = await callDurableObject(() => addressShard().reserve(id, limits))
    const refuse = (bucket: string, retryAfterSeconds: number) =>
      bucket === own.bucket
        ? rateLimited(message(own.limit, 'IP address'), retryAfterSeconds)
        : rateLimited(message(ofNetwork.limit, 'IPv6 /48 network'), retryAfterSeconds)
    const refunded = limits.map(({ bucket }) => bucket)
    return {
      refusal: decision.allowed ? null : refuse(decision.bucket, decision.retryAfterSeconds),
      refund: () => ignoreFailure(() => addressShard().settle(id, { counted: [], refunded })),
    }
  }
  const reserveOrThrow = async (...limit: Parameters<typeof reserve>) => {
    const { refusal, refund } = await reserve(...limit)
    if (refusal) throw refusal
    return { refund }
  }
  const reserveLogin = async (emailNormalized: string, users: readonly string[]) => {
    const email = emailHash(emailNormalized)
    const attempt = { id: crypto.randomUUID(), email, emailNormalized, users, address }
    const decision = await callDurableObject(() => shard(email).reserveLogin(attempt))
    const candidates = decision.allowed ? decision.candidates : []
    const settle = (counted: readonly string[], user?: string) => {
      const refunded = candidates.flatMap(bucketsOf).filter((bucket) => !counted.includes(bucket))
      const trusted = user === undefined ? undefined : { user, address }
      return ignoreFailure(() => shard(email).settle(attempt.id, { counted, refunded, trusted }))
    }
    return {
      refusal: decision.allowed ? null : rateLimited(LOGIN_MESSAGE, decision.retryAfterSeconds),
      candidates,
      settle,
      refund: () => settle([]),
    }
  }

  return {
    async guardPasswordCheck(emailNormalized, owners, check) {
      const [byAddress, byEmail] = await bothOrNeither(
        reserve('address', ADDRESS_FAILURES),
        reserveLogin(emailNormalized, owners.map(userName)),
      )
      // Others can fill the limit of a shared IP address: it does not concern users that have logged in from there.
      const candidates = byEmail.candidates.filter(({ isTrusted }) => isTrusted || !byAddress.refusal)
      const countsForAddress = candidates.some(({ isTrusted }) => !isTrusted)
      const refundAddress = () => (byAddress.refusal ? undefined : byAddress.refund())
      if (candidates.length === 0) {
        await Promise.all([refundAddress(), byEmail.refusal ? undefined : byEmail.refund()])
        throw byAddress.refusal ?? byEmail.refusal
      }
      try {
        const allowed = new Set(candidates.map(({ user }) => user))
        const owner = await check(owners.filter((each) => allowed.has(userName(each))))
        const user = userName(owner)
        await Promise.all([refundAddress(), byEmail.settle(mismatchesOf(candidates, user), user)])
        return owner
      } catch (error) {
        const isCounted = isFailedLogin(error)
        await Promise.all([
          isCounted && countsForAddress ? undefined : refundAddress(),
          byEmail.settle(isCounted ? candidates.flatMap(bucketsOf) : []),
        ])
        throw error
      }
    },
    async trustAddress(emailNormalized, user) {
      await ignoreFailure(() => shard(emailHash(emailNormalized)).trustAddress(userName(user), address))
    },
    async countRegistration() {
      await reserveOrThrow('register', REGISTRATIONS)
    },
    async guardKeyLookup(lookUp) {
      const attempt = await reserveOrThrow('key', KEY_LOOKUPS)
      const found = await lookUp()
      if (found) await attempt.refund()
      return found
    },
  }
}

/** Runs two reservations concurrently. If one of them fails, the other one is refunded. */
async function bothOrNeither<A extends Refundable, B extends Refundable>(
  first: Promise<A>,
  second: Promise<B>,
): Promise<[A, B]> {
  try {
    return await Promise.all([first, second])
  } catch (error) {
    const made = (await Promise.allSettled([first, second])).filter((result) => result.status === 'fulfilled')
    await Promise.all(made.map(({ value }) => value.refund()))
    throw error
  }
}

interface Refundable {
  refund(): Promise<void>
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
