import { createHash } from 'node:crypto'
import type { Throttle } from '../context'
import type { Bindings } from '../env'
import { rateLimited, unavailable } from '../http/errors'
import { HOUR, MINUTE } from '../lib/time'
import { type Attempt, LOGIN_FAILURES } from './login-throttle'

const SHARDS = 64
const ADDRESS_FAILURES = { limit: 100, windowMs: 15 * MINUTE, says: '100 failed logins from one address in 15 minutes' }
const REGISTRATIONS = { limit: 5, windowMs: HOUR, says: '5 registrations an hour from one address' }
const KEY_LOOKUPS = { limit: 10, windowMs: MINUTE, says: '10 unknown API keys a minute from one address' }
const LOGINS_SAY = `${LOGIN_FAILURES.limit} failed logins of one e-mail in 15 minutes`

type Limit = typeof REGISTRATIONS

/** The limits on guessing for a request from an address. Only hashes of e-mails are kept. */
export function throttleFor(env: Pick<Bindings, 'LOGIN_THROTTLE'>, address: string): Throttle {
  const taken = new Map<string, string[]>()
  const shard = (key: string) => {
    const index = createHash('sha256').update(key).digest().readUInt32BE() % SHARDS
    return env.LOGIN_THROTTLE.getByName(`shard:${index}`)
  }
  const begin = async (name: string, { limit, windowMs, says }: Limit) => {
    const bucket = `${name}:${address}`
    return allowed(await reach(() => shard(address).begin(bucket, limit, windowMs)), says)
  }
  return {
    async beginLogin(emailKey) {
      const email = hashed(emailKey)
      const byAddress = await begin('address', ADDRESS_FAILURES)
      const attempt = await reach(() => shard(email).beginLogin(email, emailKey, address))
      taken.set(emailKey, [byAddress, allowed(attempt, LOGINS_SAY), email])
    },
    async loginSucceeded(emailKey) {
      const [byAddress, byEmail, email] = taken.get(emailKey) ?? []
      if (!byAddress || !byEmail || !email) return
      await reach(() =>
        Promise.all([shard(address).takeBack(byAddress), shard(email).loginSucceeded(byEmail, email, address)]),
      )
    },
    async knowAddress(emailKey) {
      const email = hashed(emailKey)
      await Promise.resolve(shard(email).knowAddress(email, address)).catch(() => undefined)
    },
    async registration() {
      await begin('register', REGISTRATIONS)
    },
    async keyLookup() {
      await begin('key', KEY_LOOKUPS)
    },
  }
}

function hashed(emailKey: string): string {
  return createHash('sha256').update(emailKey).digest('hex')
}

function allowed(attempt: Attempt, says: string): string {
  if (attempt.allowed) return attempt.bucket
  throw rateLimited(says, attempt.retryAfterSeconds)
}

/** Guessing is never let through uncounted. */
async function reach<T>(call: () => T): Promise<Awaited<T>> {
  try {
    return await call()
  } catch {
    throw unavailable()
  }
}
