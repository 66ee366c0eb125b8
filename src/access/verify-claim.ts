import { timingSafeEqual } from '../lib/crypto'
import type { Claim } from './credentials'
import type { MemberName, MemberState } from './member-state'

/** Whether a claim holds by the facts, at `now` (ms). Tokens that were given back are not looked at here. */
export function isValidClaim(claim: Claim, facts: MemberState | null, now: number): boolean {
  if (!facts?.active) return false
  if (claim.kind === 'key')
    return facts.secrets.some(({ hash, until }) => (until === null || until > now) && timingSafeEqual(hash, claim.hash))
  if (facts.accountId !== claim.accountId) return false
  return (
    facts.tokenVersion === claim.tokenVersion || (facts.exemptTokenId !== null && facts.exemptTokenId === claim.tokenId)
  )
}

/**
 * The name of a member's Durable Object. A person's ID is only its own within the account; a request with an API key
 * does not say of which account it is, and the key's ID is its own everywhere.
 */
export function limiterName(member: MemberName): string {
  return member.kind === 'key' ? `key:${member.memberId}` : `member:${member.accountId}/${member.memberId}`
}
