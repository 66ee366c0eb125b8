import { equivalent, inside } from '../mutation.ts'

/** Immediate revocation: what invalidates the state of a caller, and what that state keeps. */
export const REVOCATION = [
  ...inside('setPassword', ['access/revocation', 'auth/password'], (it) => [
    it.call('withInvalidation').replaceWith('$2()'),
  ]),
  ...inside('changePassword', ['access/revocation', 'auth/password'], (it) => [
    it.call('withInvalidation').replaceWith('$2()'),
  ]),
  ...inside('changeUser', ['access/revocation', 'auth/password'], (it) => [
    it.call('withInvalidation').replaceWith('$2()'),
  ]),
  ...inside('deleteApiKey', ['api-keys/manage'], (it) => [it.call('withInvalidation').replaceWith('$2()')]),
  ...inside('rotateKey', ['api-keys/manage'], (it) => [it.call('withInvalidation').replaceWith('$2()')]),
  ...inside('logout', ['auth/logout'], (it) => [it.call('withInvalidation').replaceWith('$2()')]),
  ...inside('RateLimiterStore.addPendingChange', ['access/invalidation'], (it) => [
    it.call('set').replaceWith('this.load()'),
    it.call('exec').replaceWith('this.load()'),
  ]),
  ...inside('RateLimiterStore.removePendingChange', ['access/invalidation'], (it) => [
    it.call('delete').replaceWith('this.load()'),
    it.call('exec').replaceWith('this.load()'),
  ]),
  ...inside('RateLimiterStore.hasPendingChange', ['access/invalidation'], (it) => [
    it.operator('>', 2, 2).replaceWith('$1 > 0'),
  ]),
  ...inside('RateLimiterStore.cacheMember', ['access/invalidation'], (it) => [
    it.call('removePendingChange').enclosingIf().remove(),
    it.call('exec', 1, 3).replaceWith('$2'),
  ]),
  ...inside('RateLimiterStore.readAll', ['access/invalidation'], (it) => [
    it.property('pendingChanges').value().part(1).remove(),
  ]),
  ...inside('RateLimiterStore.cacheMember', ['auth/logout'], (it) => [
    it.call('add').enclosingStatement().remove(),
    it.call('exec', 2, 3).enclosingStatement().remove(),
    it.sql('< ?').replaceWith('$0 * 0'),
    it.call('delete').enclosingStatement().remove(),
  ]),
  ...inside('RateLimiterStore.cacheMember', ['auth/revoked-tokens'], (it) => [
    it.call('forgetRevoked').enclosingIf().remove(),
    it.call('forgetRevoked').part(1).replaceWith('null'),
  ]),
  ...inside('revokeToken', ['auth/revoked-tokens'], (it) => [
    it.call('update').remove(),
    it.call('deleteFrom').remove(),
    it.property('exemptTokenId').remove(),
  ]),
  ...inside('MAX_REVOKED_TOKENS', ['auth/revoked-tokens'], (it) => [it.value().replaceWith('1_001')]),
  ...inside('RateLimiterStore.readAll', ['auth/logout'], (it) => [it.property('revoked').value().part(1).remove()]),
  ...inside('RateLimiterStore.saveCount', ['access/member-state', 'access/rate-limits'], (it) => [
    it.call('exec').enclosingStatement().remove(),
  ]),
  ...inside('RateLimiterStore.deleteAll', ['access/member-state', 'access/rate-limits'], (it) => [
    it.operator('=', 1, 2).remove(),
  ]),
  ...inside('RateLimiterStore.readAll', ['access/member-state', 'access/rate-limits'], (it) => [
    it.call('setAlarm').enclosingIf().remove(),
  ]),
  ...inside('RateLimiterStore.saveTouchTime', ['api-keys/member'], (it) => [
    it.operator('=').replaceWith('this.load()'),
    it.call('exec').replaceWith('this.load()'),
  ]),
  ...inside('RateLimiter.verifyAndCount', ['access/member-state'], (it) => [
    it.call('isNewer').enclosingStatement().variable().replaceWith('$3'),
  ]),
  ...inside('findMemberState', ['auth/logout'], (it) => [it.reference('CLOCK_MARGIN').remove()]),
  ...equivalent(
    'the batch that reads the password verifies that the caller is active',
    inside('findPassword', ['auth/password'], (it) => [it.sqlCondition("status = 'active'").remove()]),
  ),
  ...equivalent(
    'API keys reach neither the route nor the branch that asks for a password',
    inside('findPassword', ['auth/password', 'api-keys/member', 'users/update'], (it) => [
      it.sqlCondition("kind = 'person'").remove(),
    ]),
  ),
]
