import { equivalent, inside, together } from '../mutation.ts'

/** Tokens, API keys, passwords, and the limits on guessing them. */
export const CREDENTIALS = [
  ...inside('readToken', ['access/tokens'], (it) => [
    it.call('isTokenForm').enclosingStatement().remove(),
    it
      .variable(1, 2)
      .replaceWith("JSON.parse(key.length && Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())"),
    it.condition(3, 3).always(false),
  ]),
  ...together(
    inside('readToken', ['access/tokens'], (it) => [
      it.property('iss').remove(),
      it.call('safeParse').receiver().replaceWith('$0.extend({ iss: z.any() })'),
    ]),
  ),
  ...together(
    inside('readToken', ['access/tokens'], (it) => [
      it.property('aud').remove(),
      it.call('safeParse').receiver().replaceWith('$0.extend({ aud: z.any() })'),
    ]),
  ),
  ...inside('Claims', ['access/tokens'], (it) => [
    it.property('aud').value().replaceWith('z.any()'),
    it.call('refine').unchain(),
    it.reference('CLOCK_SKEW_SECONDS').remove(),
    it.property('exp').value().replaceWith('$0.optional().default(0)'),
    it.call('nonnegative').replaceWith('$0.default(1)'),
    it.call('max').replaceWith("z.string().max($1).default('any')"),
  ]),
  ...equivalent(
    'readToken only accepts signatures of the length of HS256',
    inside('readToken', ['access/tokens'], (it) => [
      it
        .reference('ALGORITHM')
        .replaceWith("JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())?.alg ?? $0"),
    ]),
  ),
  ...together(
    inside('readToken', ['access/tokens'], (it) => [
      it
        .reference('ALGORITHM')
        .replaceWith("JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())?.alg ?? $0"),
      it.call('isTokenForm').enclosingStatement().remove(),
    ]),
  ),
  ...equivalent(
    'the library and the claims schema both verify issuer and audience',
    inside('readToken', ['access/tokens'], (it) => [it.property('iss').remove(), it.property('aud').remove()]),
  ),
  ...equivalent(
    'the library and the claims schema both verify issuer and audience',
    inside('Claims', ['access/tokens'], (it) => [it.property('iss').value().replaceWith('z.any()')]),
  ),
  ...inside('identify', ['api-keys/member'], (it) => [it.condition(1, 4).replaceWith('$1 === null')]),
  ...inside('identifyKey', ['api-keys/secrets'], (it) => [it.literal('invalid').enclosingStatement().remove()]),
  ...inside('readToken', ['access/unauthorized'], (it) => [it.property('exp').remove()]),
  ...inside('unreadable', ['access/unauthorized'], (it) => [
    it.condition(1, 2).always(false),
    it.condition(2, 2).always(false),
  ]),
  ...inside('identifyHeader', ['access/unauthorized'], (it) => [it.call('isTokenForm').enclosingStatement().remove()]),
  ...inside('verifyAndCount', ['access/unauthorized'], (it) => [
    it.condition(2, 4).always(true),
    it.condition(2, 4).always(false),
  ]),
  ...inside('identifyKey', ['api-keys/secrets', 'access/throttle-addresses'], (it) => [
    it.literal('unknown').enclosingStatement().remove(),
  ]),
  ...inside('isUnderOldSecret', ['access/refused-lookups'], (it) => [
    it.call('has', 2, 2).enclosingStatement().remove(),
    it.reference('MINUTE').replaceWith('2 * $0'),
  ]),
  ...inside('RateLimiter.newerState', ['access/refused-lookups'], (it) => [
    it.call('has').enclosingStatement().remove(),
  ]),
  ...inside('MAX_REJECTED_TOKENS', ['access/refused-lookups'], (it) => [it.value().replaceWith('200')]),
  ...inside('parseKey', ['api-keys/secrets'], (it) => [
    it.operator('!==').remove(),
    it.call('some').part(1).replaceWith('() => true'),
  ]),
  ...inside('isValidClaim', ['api-keys/manage', 'access/revocation'], (it) => [
    it.condition(1, 3).part(1).replaceWith('$1'),
    it.call('some').part(1).body().part(1).remove(),
    it.call('timingSafeEqual').replaceWith('$1.length === $2.length'),
  ]),
  ...inside('isValidClaim', ['access/revocation', 'auth/password'], (it) => [
    it.operator('===', 3, 4).replaceWith('$1 > 0'),
    it.operator('===', 4, 4).remove(),
  ]),
  ...inside('RateLimiter.verifyAndCount', ['auth/logout'], (it) => [
    it.call('isRevoked').enclosingStatement().remove(),
  ]),
  ...inside('RateLimiter.memberState', ['access/invalidation'], (it) => [
    it.call('hasPendingChange').enclosingStatement().remove(),
    it.reference('STALE_AFTER', 2, 2).enclosingStatement().remove(),
  ]),
  ...inside('RateLimiter.readMember', ['access/invalidation'], (it) => [it.condition(2, 2).always(false)]),
  ...inside('RateLimiter.memberState', ['access/member-state'], (it) => [it.operator('-').replaceWith('0')]),
  ...inside('memberCacheOf', ['access/invalidation'], (it) => [
    it.call('callDurableObject', 1, 2).replaceWith('Promise.resolve()'),
    it.call('callDurableObject', 1, 2).replaceWith('($1)().catch(() => undefined)'),
  ]),
  ...inside('checkOwnPassword', ['auth/password'], (it) => [
    it.call('verifyPassword').enclosingStatement().replaceWith('await Promise.resolve()'),
  ]),
  ...inside('changePassword', ['auth/password'], (it) => [
    it.call('invalidCredentials').enclosingIf().remove(),
    it.call('updatePassword').part(5).remove(),
  ]),
  ...inside('verifyPassword', ['lib/passwords.node'], (it) => [it.call('timingSafeEqual').remove()]),
  ...inside('createAccount', ['accounts/create'], (it) => [it.call('signupClosed').enclosingIf().remove()]),
  ...inside('findOpenAccount', ['auth/register'], (it) => [it.sqlCondition('allow_registration = 1').remove()]),
]
