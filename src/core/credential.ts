import type { Role } from './policy'

/** The claim of a credential whose signature or MAC is valid. The caller's Durable Object verifies the rest. */
export type Claim =
  | { kind: 'token'; accountId: string; memberId: string; tokenVersion: number; tokenId: string }
  | { kind: 'key'; memberId: string; hash: string }

export interface Credential {
  claim: Claim
  /** Null for API keys. The role may be out of date. Times are Unix seconds. */
  token: { role: Role; id: string; issuedAt: number; expiresAt: number } | null
}
