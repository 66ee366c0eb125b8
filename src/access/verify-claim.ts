import type { Claim } from '../core/credential'
import { timingSafeEqual } from '../lib/crypto'
import type { MemberName, MemberState } from './member-state'

/** Without revoked tokens, which the caller checks. `now` is in ms. */
export function isValidClaim(claim: Claim, state: MemberState | null, now: number): boolean {
  if (!state?.active) return false
  if (claim.kind === 'key')
    return state.secrets.some(({ hash, until }) => (until === null || until > now) && timingSafeEqual(hash, claim.hash))
  if (state.accountId !== claim.accountId) return false
  return (
    state.tokenVersion === claim.tokenVersion || (state.exemptTokenId !== null && state.exemptTokenId === claim.tokenId)
  )
}

/**
 * The name of a member's Durable Object. User IDs are unique within their account. A request with an API key does not name the
 * account, and key IDs are unique everywhere.
 */
export function limiterName(member: MemberName): string {
  return member.kind === 'key' ? `key:${member.memberId}` : `member:${member.accountId}/${member.memberId}`
}
