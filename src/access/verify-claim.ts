import { sameText } from '../lib/crypto'
import type { Claim } from './credentials'
import type { MemberFacts, MemberName } from './member-state'

/** Whether a claim holds by the facts, at `now` (ms). Tokens that were given back are not looked at here. */
export function holds(claim: Claim, facts: MemberFacts | null, now: number): boolean {
  if (!facts?.active) return false
  if (claim.kind === 'key')
    return facts.secrets.some(({ hash, until }) => (until === null || until > now) && sameText(hash, claim.hash))
  if (facts.accountId !== claim.accountId) return false
  return facts.generation === claim.generation || (facts.sparedToken !== null && facts.sparedToken === claim.tokenId)
}

/**
 * The name of a member's Durable Object. A person's ID is only its own within the account; a request with an API key
 * does not say of which account it is, and the key's ID is its own everywhere.
 */
export function limiterName(member: MemberName): string {
  return member.kind === 'key' ? `key:${member.memberId}` : `member:${member.accountId}/${member.memberId}`
}
