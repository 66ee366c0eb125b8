import type { Role } from './policy'

/**
 * The member that a request acts as, as its Durable Object verified it when the request began. A batch that writes verifies
 * it again: see `AccountDb`.
 */
export type Caller = {
  accountId: string
  /** A user's `user_…` or an API key's `key_…`. */
  id: string
  role: Role
} & CallerCredential

/** Of a user, the token with its expiry (Unix seconds); of an API key, the SHA-256 of the secret (hexadecimal). */
type CallerCredential =
  | { kind: 'person'; token: { id: string; tokenVersion: number; expiresAt: number }; keyHash: null }
  | { kind: 'key'; token: null; keyHash: string }
