import { equivalent, inside } from '../mutation.ts'

/** Immediate revocation: what invalidates the state of a caller, and what that state keeps. */
export const REVOCATION = [
  ...inside('setPassword', ['rate-limiting/revocation', 'auth/password'], (it) => [
    it.call('changing').replaceWith('$2()'),
  ]),
  ...inside('changePassword', ['rate-limiting/revocation', 'auth/password'], (it) => [
    it.call('changing').replaceWith('$2()'),
  ]),
  ...inside('change', ['rate-limiting/revocation', 'auth/password'], (it) => [it.call('changing').replaceWith('$2()')]),
  ...inside('deleteApiKey', ['api-keys/manage'], (it) => [it.call('changing').replaceWith('$2()')]),
  ...inside('rotateKey', ['api-keys/manage'], (it) => [it.call('changing').replaceWith('$2()')]),
  ...inside('logout', ['auth/logout'], (it) => [it.call('changing').replaceWith('$2()')]),
  ...inside('CallerStore.addDoubt', ['rate-limiting/doubt'], (it) => [
    it.call('set').replaceWith('this.load()'),
    it.call('exec').replaceWith('this.load()'),
  ]),
  ...inside('CallerStore.removeDoubt', ['rate-limiting/doubt'], (it) => [
    it.call('delete').replaceWith('this.load()'),
    it.call('exec').replaceWith('this.load()'),
  ]),
  ...inside('CallerStore.isDoubted', ['rate-limiting/doubt'], (it) => [it.operator('>').replaceWith('$1 > 0')]),
  ...inside('CallerStore.saveFacts', ['rate-limiting/doubt'], (it) => [
    it.call('removeDoubt').enclosingIf().remove(),
    it.call('exec', 1, 3).replaceWith('$2'),
  ]),
  ...inside('CallerStore.wake', ['rate-limiting/doubt'], (it) => [it.property('doubts').value().part(1).remove()]),
  ...inside('CallerStore.saveFacts', ['auth/logout'], (it) => [
    it.call('add').enclosingStatement().remove(),
    it.call('exec', 2, 3).enclosingStatement().remove(),
    it.sql('< ?').replaceWith('$0 * 0'),
    it.call('delete').enclosingStatement().remove(),
  ]),
  ...inside('CallerStore.wake', ['auth/logout'], (it) => [it.property('revoked').value().part(1).remove()]),
  ...inside('CallerStore.saveCount', ['rate-limiting/facts', 'rate-limiting/limits'], (it) => [
    it.call('exec').enclosingStatement().remove(),
  ]),
  ...inside('CallerStore.forget', ['rate-limiting/facts', 'rate-limiting/limits'], (it) => [
    it.operator('=', 1, 2).remove(),
  ]),
  ...inside('CallerStore.wake', ['rate-limiting/facts', 'rate-limiting/limits'], (it) => [
    it.call('setAlarm').enclosingIf().remove(),
  ]),
  ...inside('CallerStore.useNoted', ['api-keys/member'], (it) => [
    it.operator('=').replaceWith('this.load()'),
    it.call('exec').replaceWith('this.load()'),
  ]),
  ...inside('RateLimiter.admit', ['rate-limiting/facts'], (it) => [
    it.call('isNewer').enclosingStatement().variable().replaceWith('$3'),
  ]),
  ...inside('findMemberFacts', ['auth/logout'], (it) => [it.reference('CLOCK_MARGIN').remove()]),
  ...inside('findPassword', ['auth/password'], (it) => [it.sqlCondition("status = 'active'").remove()]),
  ...equivalent(
    'API keys reach neither the route nor the branch that asks for a password',
    inside('findPassword', ['auth/password', 'api-keys/member', 'users/update'], (it) => [
      it.sqlCondition("kind = 'person'").remove(),
    ]),
  ),
]
