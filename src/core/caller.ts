import type { Role } from './policy'

/** Verified by the caller's Durable Object when the request began, and again by each batch that writes: see `AccountDb`. */
export type Caller = {
  accountId: string
  /** A user's `user_…` or an API key's `key_…`. */
  id: string
  role: Role
} & CallerCredential

/** `expiresAt` is in Unix seconds. `keyHash` is the SHA-256 of the secret (hexadecimal). */
type CallerCredential =
  | { kind: 'person'; token: { id: string; tokenVersion: number; expiresAt: number }; keyHash: null }
  | { kind: 'key'; token: null; keyHash: string }
