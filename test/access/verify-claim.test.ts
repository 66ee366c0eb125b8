import { describe, expect, it } from 'vitest'
import { isValidClaim, limiterName } from '../../src/access/verify-claim'

const NOW = 1_750_000_000_000

const state = {
  accountId: 'acct_a',
  role: 'agent' as const,
  plan: 'standard' as const,
  active: true,
  tokenVersion: 3,
  exemptTokenId: 'spared',
  secrets: [
    { hash: 'current', until: null },
    { hash: 'grace', until: NOW + 1 },
    { hash: 'former', until: NOW },
  ],
}
const token = { kind: 'token' as const, accountId: 'acct_a', memberId: 'user_a', tokenVersion: 3, tokenId: 'any' }
const key = (hash: string) => ({ kind: 'key' as const, memberId: 'key_a', hash })

describe('the verification of a claim', () => {
  it('S05 accepts a token with the member’s token version, and the exempt token', () => {
    const older = { ...token, tokenVersion: 2 }
    const claims = [token, older, { ...older, tokenId: 'spared' }, { ...token, tokenVersion: 4 }]
    expect(claims.map((claim) => isValidClaim(claim, state, NOW))).toEqual([true, false, true, false])
    expect(isValidClaim(older, { ...state, exemptTokenId: null }, NOW)).toBe(false)
  })

  it('S07 rejects a token of another account, also for a member with the same ID', () => {
    expect(isValidClaim({ ...token, accountId: 'acct_b' }, state, NOW)).toBe(false)
    const other = { ...token, accountId: 'acct_b' }
    expect(limiterName(other)).not.toBe(limiterName(token))
  })

  it('S06 accepts a secret of an API key while it is valid', () => {
    const hashes = ['current', 'grace', 'former', 'another', '']
    expect(hashes.map((hash) => isValidClaim(key(hash), state, NOW))).toEqual([true, true, false, false, false])
  })

  it('S05 rejects every claim of a deleted or inactive member', () => {
    for (const claim of [token, key('current')])
      expect([isValidClaim(claim, null, NOW), isValidClaim(claim, { ...state, active: false }, NOW)]).toEqual([
        false,
        false,
      ])
  })
})
