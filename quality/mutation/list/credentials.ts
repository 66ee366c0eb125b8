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
  ...inside('RateLimiter.readMember', ['access/invalidation'], (it) => [it.condition().always(false)]),
  ...inside('RateLimiter.memberState', ['access/member-state'], (it) => [it.operator('-').replaceWith('0')]),
  ...inside('memberCacheOf', ['access/invalidation'], (it) => [
    it.call('callDurableObject', 1, 2).replaceWith('Promise.resolve()'),
    it.call('callDurableObject', 1, 2).replaceWith('($1)().catch(() => undefined)'),
  ]),
  ...inside('login', ['auth/login'], (it) => [
    it.operator('===', 1, 2).remove(),
    it.operator('||').part(2).remove(),
    it.call('invalidCredentials', 2, 2).enclosingIf().remove(),
  ]),
  ...equivalent(
    'a login is recorded before the response, and only for an active user',
    inside('login', ['auth/login'], (it) => [it.operator('===', 2, 2).remove()]),
  ),
  ...inside('checkOwnPassword', ['auth/password'], (it) => [
    it.call('verifyPassword').enclosingStatement().replaceWith('await Promise.resolve()'),
  ]),
  ...inside('changePassword', ['auth/password'], (it) => [
    it.call('invalidCredentials').enclosingIf().remove(),
    it.call('updatePassword').part(5).remove(),
  ]),
  ...inside('verifyPassword', ['lib/passwords.node'], (it) => [it.call('timingSafeEqual').remove()]),
  ...inside('throttleFor', ['access/throttle'], (it) => [
    it.call('bucketOf', 2, 2).replaceWith("'none'"),
    it.call('isFailedLogin').always(false),
  ]),
  ...inside('throttleFor', ['access/throttle-addresses'], (it) => [
    it.literal('address').enclosingStatement().variable().replaceWith("{ bucket: 'none', id: 'none' }"),
  ]),
  ...inside('throttleFor', ['auth/register'], (it) => [it.literal('register').enclosingStatement().remove()]),
  ...inside('throttleFor', ['api-keys/secrets'], (it) => [
    it.literal('key').enclosingStatement().variable().replaceWith("{ bucket: 'none', id: 'none' }"),
  ]),
  ...inside('LoginThrottle.reserve', ['access/throttle'], (it) => [it.operator('>=').replaceWith('$1 > $2')]),
  ...inside('LoginThrottle.reserve', ['access/throttle-objects.empty-db'], (it) => [
    it.call('isRepeated').enclosingIf().remove(),
    it.literal('DELETE FROM attempts WHERE bucket = ? AND at <= ?').enclosingStatement().remove(),
  ]),
  ...inside('LoginThrottle.isRepeated', ['access/throttle-objects.empty-db'], (it) => [
    it.sqlCondition('id = ?').replaceWith('? IS NOT NULL'),
  ]),
  ...equivalent(
    'attempts have random IDs: no two buckets have the same',
    inside('LoginThrottle.isRepeated', ['access/throttle-objects.empty-db'], (it) => [
      it.sqlCondition('bucket = ?').replaceWith('? IS NOT NULL'),
    ]),
  ),
  ...inside('LoginThrottle.removeAttempt', ['access/throttle-objects.empty-db', 'access/throttle'], (it) => [
    it
      .literal('DELETE FROM attempts WHERE bucket = ? AND id = ? RETURNING started')
      .replaceWith("'SELECT started FROM attempts WHERE bucket = ? AND id = ?'"),
    it.sqlCondition('id = ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('LoginThrottle.hasInFlight', ['access/throttle-objects.empty-db'], (it) => [
    it.sqlCondition('at > ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('LoginThrottle.release', ['access/throttle-objects.empty-db'], (it) => [
    it.sqlCondition('started = ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('LoginThrottle.alarm', ['access/throttle-objects.empty-db'], (it) => [
    it.literal('DELETE FROM attempts WHERE at <= ?').enclosingStatement().remove(),
  ]),
  ...inside('MAX_ATTEMPT_DURATION', ['access/throttle-objects.empty-db'], (it) => [
    it.value().replaceWith('2 * $0'),
    it.value().replaceWith('$0 / 2'),
  ]),
  ...inside('LoginThrottle.counter', ['access/throttle'], (it) => [it.operator('>').remove()]),
  ...inside('LoginThrottle.loginBucket', ['access/throttle-addresses'], (it) => [it.call('isTrusted').remove()]),
  ...inside('createAccount', ['accounts/create'], (it) => [it.call('signupClosed').enclosingIf().remove()]),
  ...inside('findOpenAccount', ['auth/register'], (it) => [it.sqlCondition('allow_registration = 1').remove()]),
]
