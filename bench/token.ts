import { deriveKey, mac } from '../src/lib/crypto.ts'
import { ACCOUNT_ID, CALLER_ID } from './world.ts'

/** `APP_SECRET` while it is measured. */
export const SECRET = 'a secret of the benchmark, and of nothing else'

const LIFE_SECONDS = 3_600

/** A token for the caller, as `src/auth/tokens.ts` issues them; that module does not load outside a bundle. */
export function callerToken(now: number): string {
  const iat = Math.floor(now / 1_000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    sub: CALLER_ID,
    acc: ACCOUNT_ID,
    role: 'agent',
    gen: 1,
    jti: crypto.randomUUID(),
    iat,
    exp: iat + LIFE_SECONDS,
    iss: 'ticketing-api',
    aud: 'ticketing-api',
  }
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  const key = Buffer.from(deriveKey(SECRET, 'tokens').toString('base64url'))
  return `${content}.${mac(key, content)}`
}
