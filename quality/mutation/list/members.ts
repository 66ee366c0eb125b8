// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { equivalent, inside } from '../mutation.ts'

/** Who is a member, who still is, and what revokes their credentials. */
export const MEMBERS = [
  ...inside('findMemberState', ['access/tokens', 'access/revocation'], (it) => [
    it.property('active').value().always(true),
    it.call('map').replaceWith('revoked.slice(9).map($1)'),
  ]),
  ...inside('findKeyState', ['api-keys/manage'], (it) => [
    it.property('active').value().always(true),
    it.property('until', 2, 2).value().replaceWith('null'),
    it.call('earlier').replaceWith('$2'),
    it.call('earlier').replaceWith('$1'),
  ]),
  ...inside('createApiKey', ['api-keys/manage'], (it) => [it.call('isReplayedRequest').always(true)]),
  ...inside('rotateKey', ['api-keys/manage'], (it) => [it.call('keyRevoked').enclosingIf().remove()]),
  ...inside('rotateApiKey', ['api-keys/manage'], (it) => [
    it.sqlCondition('{isActive}').remove(),
    it.variable().replaceWith('$3'),
  ]),
  ...inside('findKeyByHash', ['api-keys/secrets'], (it) => [
    it.sqlCondition('(hash = ? OR previous_hash = ?)').remove(),
  ]),
  ...inside('recordLogin', ['auth/login'], (it) => [
    it.sqlCondition("status = 'active'").remove(),
    it.sqlCondition('credential_generation = ?').remove(),
  ]),
  ...inside('findUserState', ['api-keys/member'], (it) => [it.sqlCondition("kind = 'person'").remove()]),
  ...inside('revokesTokens', ['access/revocation', 'users/deactivate', 'users/update'], (it) => [
    it.variable(1, 2).replaceWith('$2'),
    it.variable(2, 2).replaceWith('$3'),
  ]),
  ...inside('updatePassword', ['auth/password', 'users/set-password'], (it) => [
    it.sql('credential_generation + 1').replaceWith('credential_generation'),
  ]),
  ...inside('updateUserStatement', ['api-keys/member'], (it) => [it.sqlCondition("kind = 'person'").remove()]),
  ...inside('countUsers/matches', ['api-keys/member', 'users/list'], (it) => [
    it.sqlCondition("kind = 'person'").remove(),
  ]),
  ...inside('emailColumns', ['users/email-verified'], (it) => [
    it.sql('CASE WHEN email_key = ? THEN email_verified ELSE ? END').replaceWith('?'),
  ]),
  ...inside('register', ['users/email-verified'], (it) => [it.property('emailVerified').value().replaceWith('true')]),
  ...inside('createAccount', ['accounts/create'], (it) => [it.property('emailVerified').value().replaceWith('true')]),
  ...inside('changeUser', ['users/email-verified'], (it) => [it.property('verifiesEmail').value().always(true)]),
  ...inside('getUser', ['users/get'], (it) => [it.call('readsUsers').enclosingStatement().remove()]),
  ...inside('updateUser', ['access/revocation', 'auth/password'], (it) => [it.operator('!==', 4, 4).remove()]),
  ...inside('setPassword', ['users/set-password'], (it) => [it.call('ownPassword').enclosingIf().remove()]),
  ...inside('readToken', ['access/tokens'], (it) => [it.variable(2, 2).replaceWith('payload as TokenClaims')]),
  ...inside('isValidClaim', ['access/verify-claim'], (it) => [it.condition(2, 3).always(false)]),
  ...inside('limiterName', ['access/rate-limits'], (it) => [it.returned().part(3).replaceWith('`member:${$2}`')]),
  ...inside('LOGIN_FAILURES', ['access/throttle'], (it) => [it.literal(10).replaceWith('11')]),
  ...inside('ADDRESS_FAILURES', ['access/throttle-addresses'], (it) => [it.literal(100).replaceWith('101')]),
  ...inside('REGISTRATIONS', ['auth/register'], (it) => [it.literal(5).replaceWith('6')]),
  ...inside('KEY_LOOKUPS', ['api-keys/secrets'], (it) => [it.literal(10).replaceWith('11')]),
  ...inside('createAccount', ['accounts/create'], (it) => [it.call('countRegistration').enclosingStatement().remove()]),
  ...inside('register', ['auth/register'], (it) => [it.call('countRegistration').enclosingStatement().remove()]),
  ...inside('getUser/isSelf', ['api-keys/member'], (it) => [it.operator('===', 1, 2).remove()]),
  ...equivalent(
    'the user to change was found before, and is not an API key',
    inside('updatePassword', ['api-keys/member', 'users/set-password'], (it) => [
      it.sqlCondition("kind = 'person'").remove(),
    ]),
  ),
  ...equivalent(
    'the user to change was found before, and is not an API key',
    inside('updateLoginIdentity', ['api-keys/member', 'users/set-password'], (it) => [
      it.sqlCondition("kind = 'person'").remove(),
    ]),
  ),
]
