// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { inside, inTrigger } from '../mutation.ts'

/** Who may log in, and how often passwords, registrations and keys may be tried. */
export const LOGINS = [
  ...inside('login', ['auth/login'], (it) => [it.call('invalidCredentials').enclosingIf().remove()]),
  ...inside('findOnlyMatch', ['auth/login'], (it) => [
    it.condition(1, 4).part(2).replaceWith('1'),
    it.condition(1, 4).part(1).replaceWith('2'),
    it.operator('&&').part(2).remove(),
  ]),
  ...inside('findOnlyMatch', ['auth/login-candidates'], (it) => [it.operator('||').part(2).remove()]),
  ...inside('findCandidates', ['auth/login-candidates'], (it) => [
    it.sqlCondition("status = 'active'").remove(),
    it.sqlCondition('password_hash IS NOT NULL').remove(),
    it.sqlCondition('can_log_in = 1').remove(),
    it.sqlCondition('slug = ?').remove(),
    it.sql('claimed_at,').remove(),
  ]),
  ...inside('updateLoginIdentity', ['auth/login-candidates'], (it) => [
    it.property('claimedAt').remove(),
    it.sql('CASE WHEN email_key = ? THEN claimed_at ELSE ? END').replaceWith('?'),
  ]),
  ...inside('insertUser', ['auth/login-candidates'], (it) => [it.property('canLogIn').remove()]),
  ...inTrigger('users_can_log_in', ['auth/login-candidates'], (it) => [
    it.sqlCondition("status = 'active'").remove(),
    it.sqlCondition('password_hash IS NOT NULL').remove(),
  ]),
  ...inside('throttleFor', ['access/throttle'], (it) => [it.call('isFailedLogin').always(false)]),
  ...inside('throttleFor', ['access/throttle-known-users'], (it) => [
    it.call('filter', 2, 3).unchain(),
    it.operator('||').part(1).remove(),
    it.operator('||').part(2).remove(),
    it.operator('&&').part(2).remove(),
    it.call('refundAddress', 1, 3).remove(),
    it.operator('??', 2, 2).enclosingIf().remove(),
  ]),
  ...inside('bothOrNeither', ['access/throttle-objects.empty-db'], (it) => [
    it.call('refund').enclosingStatement().remove(),
  ]),
  ...inside('throttleFor', ['auth/register'], (it) => [it.literal('register').enclosingStatement().remove()]),
  ...inside('mismatchesOf', ['auth/login-candidates'], (it) => [it.returned(1, 2).replaceWith('[]')]),
  ...inside('LoginThrottle.candidatesOf', ['auth/login-candidates'], (it) => [
    it.property('mismatchBucket', 3, 3).value().replaceWith('null'),
  ]),
  ...inside('LoginThrottle.candidatesOf', ['access/throttle-addresses'], (it) => [
    it.call('isTrusted').enclosingIf().remove(),
    it.template(2, 3).replaceWith('`login:${$1}:${$2}:${Math.random()}`'),
  ]),
  ...inside('LoginThrottle.isTrusted', ['access/throttle-addresses'], (it) => [it.operator('-').replaceWith('0')]),
  ...inside('toLoginDecision', ['auth/login-candidates'], (it) => [it.call('filter').unchain()]),
  ...inside('AttemptCounters.reserve', ['access/throttle'], (it) => [it.operator('>=').replaceWith('$1 > $2')]),
  ...inside('AttemptCounters.reserve', ['access/throttle-objects.empty-db'], (it) => [it.call('filter').unchain()]),
  ...inside('AttemptCounters.add', ['access/throttle-objects.empty-db'], (it) => [
    it.literal('DELETE FROM attempts WHERE bucket = ? AND at <= ?').enclosingStatement().remove(),
  ]),
  ...inside('AttemptCounters.isCounted', ['access/throttle-objects.empty-db'], (it) => [
    it.sqlCondition('id = ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('AttemptCounters.isCounted', ['auth/login-candidates'], (it) => [
    it.sqlCondition('bucket = ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('AttemptCounters.removeAttempt', ['access/throttle-objects.empty-db', 'access/throttle'], (it) => [
    it
      .literal('DELETE FROM attempts WHERE bucket = ? AND id = ? RETURNING started')
      .replaceWith("'SELECT started FROM attempts WHERE bucket = ? AND id = ?'"),
    it.sqlCondition('id = ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('AttemptCounters.hasInFlight', ['access/throttle-objects.empty-db'], (it) => [
    it.sqlCondition('at > ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('AttemptCounters.settle', ['access/throttle-objects.empty-db'], (it) => [
    it.sqlCondition('started = ?').replaceWith('? IS NOT NULL'),
  ]),
  ...inside('AttemptCounters.deleteExpired', ['access/throttle-objects.empty-db'], (it) => [
    it.literal('DELETE FROM attempts WHERE at <= ? OR at > ?').enclosingStatement().remove(),
  ]),
  ...inside('MAX_ATTEMPT_DURATION', ['access/throttle-objects.empty-db'], (it) => [
    it.value().replaceWith('2 * $0'),
    it.value().replaceWith('$0 / 2'),
  ]),
  ...inside('AttemptCounters.counter', ['access/throttle'], (it) => [it.operator('>').remove()]),
  ...inside('AttemptCounters.counter', ['access/clock-ahead'], (it) => [it.operator('<=').remove()]),
  ...inside('LoginThrottle.resetIfUnlocked', ['access/clock-ahead'], (it) => [it.operator('>=').remove()]),
  ...inside('RateLimiter.touchKey', ['access/clock-ahead'], (it) => [it.operator('>=').remove()]),
  ...inside('RateLimiter.readMember', ['access/clock-ahead'], (it) => [it.condition(1, 2).always(false)]),
  ...inside('RateLimiterStore.hasPendingChange', ['access/clock-ahead'], (it) => [
    it.call('addPendingChange').enclosingIf().remove(),
  ]),
  ...inside('hit', ['access/window'], (it) => [it.condition(1, 3).always(true)]),
]
