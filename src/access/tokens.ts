import { z } from '@hono/zod-openapi'
import { sign, verify } from 'hono/jwt'
import { ROLES } from '../core/policy'
import { isMatch } from '../lib/text'
import { SECOND } from '../lib/time'

/** In characters; issued tokens have a quarter of it. */
export const MAX_TOKEN = 2_000

const ISSUER = 'ticketing-api'
const AUDIENCE = 'ticketing-api'
const ALGORITHM = 'HS256'
/** How far the clock that issued a token may be ahead of the one that reads it. */
const CLOCK_SKEW_SECONDS = 60
const ID = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)

const Claims = z.object({
  sub: ID,
  acc: ID,
  role: z.enum(ROLES),
  gen: z.number().int().nonnegative(),
  jti: z.string().min(1).max(64),
  iat: z
    .number()
    .int()
    .refine((iat) => iat <= Date.now() / 1000 + CLOCK_SKEW_SECONDS),
  exp: z.number().int(),
  iss: z.literal(ISSUER),
  aud: z.literal(AUDIENCE),
})
type TokenClaims = z.infer<typeof Claims>

/** Returns a signed JWT (HS256) and when it expires (Unix seconds). `now` is in ms. */
export async function issueToken(
  member: Pick<TokenClaims, 'sub' | 'acc' | 'role' | 'gen'>,
  key: Buffer,
  now: number,
  ttlSeconds: number,
): Promise<{ token: string; expiresAt: number }> {
  const iat = Math.floor(now / 1000)
  const exp = iat + ttlSeconds
  const claims: TokenClaims = { ...member, jti: crypto.randomUUID(), iat, exp, iss: ISSUER, aud: AUDIENCE }
  return { token: await sign(claims, key.toString('base64url'), ALGORITHM), expiresAt: exp }
}

/** Does not verify the signature. */
export function isTokenForm(text: string): boolean {
  return isMatch(text, CANONICAL, MAX_TOKEN)
}

type TokenProblem = 'malformed' | 'invalid' | 'expired'

/** `expired` only if one of the keys signed the token. */
export async function readToken(token: string, keys: Buffer[]): Promise<TokenClaims | TokenProblem> {
  if (!isTokenForm(token)) return 'malformed'
  for (const key of keys) {
    const payload = await verify(token, key.toString('base64url'), {
      alg: ALGORITHM,
      // `Claims` checks it, with a tolerance for clocks.
      iat: false,
      // Checked below: hono would report an expiry before it has verified the signature.
      exp: false,
      iss: ISSUER,
      aud: AUDIENCE,
    }).catch(() => null)
    const claims = Claims.safeParse(payload).data
    if (claims) return claims.exp * SECOND <= Date.now() ? 'expired' : claims
  }
  return 'invalid'
}

/**
 * Decoders drop two bits of the last of the 43 characters of a signature: only the encoding that was issued is accepted. Header
 * and payload need no such check, because the signature covers their text.
 */
const CANONICAL = /^[^.]+\.[^.]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
