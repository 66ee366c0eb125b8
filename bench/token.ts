import { deriveKey, hmac } from '../src/lib/crypto.ts'
import { ACCOUNT_ID, CALLER_ID, CUSTOMER_ID } from './dataset.ts'

/** `APP_SECRET` of the benchmark. */
export const SECRET = 'a secret of the benchmark, and of nothing else'

const LIFE_SECONDS = 24 * 3_600

export type Role = 'agent' | 'customer'

/** Tokens like those of the service, whose module does not load outside a bundle. */
export function issueTokens(now: number): Record<Role, string> {
  const token = (userId: string, role: Role) => issueToken({ accountId: ACCOUNT_ID, userId, role }, now)
  return { agent: token(CALLER_ID, 'agent'), customer: token(CUSTOMER_ID, 'customer') }
}

export function issueToken(user: { accountId: string; userId: string; role: Role | 'admin' }, now: number): string {
  const iat = Math.floor(now / 1_000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    sub: user.userId,
    acc: user.accountId,
    role: user.role,
    gen: 1,
    jti: crypto.randomUUID(),
    iat,
    exp: iat + LIFE_SECONDS,
    iss: 'ticketing-api',
    aud: 'ticketing-api',
  }
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  const key = Buffer.from(deriveKey(SECRET, 'tokens').toString('base64url'))
  return `${content}.${hmac(key, content)}`
}
