import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** OWASP's scrypt profile N = 2^14, r = 8, p = 5: 16 MiB, within the limits of Workers. */
const COST = { N: 16_384, r: 8, p: 5 }
const KEY_BYTES = 32
const SALT_BYTES = 16

/** Dummy hash, so that unknown users cost the same time. */
export const DUMMY_HASH = encodeHash(Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES))

/** `scrypt$N$r$p$salt$key`, with the salt and the key in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return encodeHash(salt, await derive(password, salt, COST))
}

/** Without a valid hash it takes the same time and returns false. */
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
