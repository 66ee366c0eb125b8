import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** OWASP's scrypt profile of N = 2^14, r = 8, p = 5: 16 MiB, and within what production Workers accept. */
const COST = { N: 16_384, r: 8, p: 5 }
const KEY_BYTES = 32
const SALT_BYTES = 16

/** Stands for a hash that is not there or is none: no password is known to fit it, and to try one is as much work. */
export const DUMMY_HASH = encodeHash(Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES))

/** A password's hash with its parameters and salt: `scrypt$N$r$p$salt$key`, the last two in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return encodeHash(salt, await derive(password, salt, COST))
}

/**
 * Whether the password is the one that was hashed. Without a hash it does the same work and says no, so that the time
 * does not tell whether there is a password.
 */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const usable = hash !== null && /^scrypt(\$\d+){3}(\$[\w-]+){2}$/.test(hash) ? hash : DUMMY_HASH
  const [, N, r, p, salt = '', expected = ''] = usable.split('$')
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const key = await derive(password, Buffer.from(salt, 'base64url'), cost)
  const wanted = Buffer.from(expected, 'base64url')
  return key.length === wanted.length && timingSafeEqual(key, wanted)
}

function encodeHash(salt: Buffer, key: Buffer): string {
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

function derive(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  const maxmem = 2 * 128 * cost.N * cost.r
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, KEY_BYTES, { ...cost, maxmem }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
