// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { equivalent, inside } from '../mutation.ts'

const IN_FLIGHT = ['access/revoked-in-flight']
const BATCHES = ['db/verified-batches']
const EXPORTS = ['tickets/export-revocation']

/** The verification of the caller in every batch that writes, and for what a write or a further page depends on. */
export const CALLER_VERIFICATION = [
  ...inside('problemOfUser', IN_FLIGHT, (it) => [it.operator('<=').always(false)]),
  ...inside('problemOfUser', IN_FLIGHT, (it) => [
    it.sql("u.status <> 'active' OR").remove(),
    it.sql('OR NOT (u.credential_generation = ? OR u.spared_token IS ?)').remove(),
    it.sql('OR u.spared_token IS ?').remove(),
    it
      .sql(
        "WHEN EXISTS (SELECT 1 FROM revoked_tokens WHERE account_id = ? AND user_id = ? AND token_id = ?) THEN 'credential'",
      )
      .remove(),
    it.sqlCondition('token_id = ?').remove(),
    it.sql("WHEN {isLowered} THEN 'role'").remove(),
    it.sql("= 'person'), 'credential')").replaceWith("= 'person'), '')"),
  ]),
  ...equivalent(
    'token IDs are random: no two users have the same',
    inside('problemOfUser', IN_FLIGHT, (it) => [it.sqlCondition('user_id = ?').remove()]),
  ),
  ...equivalent(
    'the request of a token that names an API key is rejected before its body is read',
    inside('problemOfUser', IN_FLIGHT, (it) => [it.sqlCondition("u.kind = 'person'").remove()]),
  ),
  ...inside('problemOfKey', IN_FLIGHT, (it) => [
    it.sql('k.revoked_at IS NOT NULL OR').remove(),
    it.sql('OR k.expires_at <= ?').remove(),
    it.sql('OR NOT (k.hash = ? OR k.previous_hash IS ? AND k.previous_until > ?)').remove(),
    it.sql('OR k.previous_hash IS ? AND k.previous_until > ?').remove(),
    it.sqlCondition('k.previous_hash IS ?').remove(),
    it.sqlCondition('k.previous_until > ?').remove(),
    it.sql("WHEN {isLowered} THEN 'role'").remove(),
    it.sql("k.id = ?), 'credential')").replaceWith("k.id = ${id}), '')"),
  ]),
  ...inside('isLowered', IN_FLIGHT, (it) => [it.call('rolesAtLeast').replaceWith('[$1]')]),
  ...inside('Database.runAll', IN_FLIGHT, (it) => [it.call('verification').replaceWith('[] as Rendered[]')]),
  ...inside('AccountDb.verification', IN_FLIGHT, (it) => [it.call('every').replaceWith('statements.some($1)')]),
  ...inside('AccountDb.verification', BATCHES, (it) => [it.call('every').remove()]),
  ...inside('openAccount/STARTS_WITH_SELECT', IN_FLIGHT, (it) => [it.pattern().text('^').remove()]),
  ...inside('AccountDb.verifiedBatch', IN_FLIGHT, (it) => [it.condition(2, 2).always(false)]),
  ...inside('AccountDb.change', BATCHES, (it) => [it.call('verifiedBatch').replaceWith('this.batch($1)')]),
  ...inside('AccountDb.withoutCaller', IN_FLIGHT, (it) => [it.call('AccountDb').part(5).replaceWith('this.caller')]),
  ...inside('AccountDb.onPrimary', BATCHES, (it) => [
    it.literal('first-primary').replaceWith('this.from'),
    it.call('AccountDb').part(5).replaceWith('null'),
  ]),
  ...inside('serviceContext', IN_FLIGHT, (it) => [it.call('openAccount').part(5).remove()]),
  ...inside('readBeforeWrite', IN_FLIGHT, (it) => [
    it.call('verifiedBatch', 1, 2).replaceWith('db.batch($1)'),
    it.call('verifiedBatch', 2, 2).replaceWith('db.batch($1)'),
  ]),
  ...inside('storeStream', IN_FLIGHT, (it) => [it.call('verifiedBatch').enclosingStatement().remove()]),
  ...inside('releaseUploads', IN_FLIGHT, (it) => [it.call('withoutCaller').unchain()]),
  ...inside('deleteObjectsLater', IN_FLIGHT, (it) => [it.call('withoutCaller').unchain()]),
  ...inside('exportTickets', EXPORTS, (it) => [
    it.call('bind').replaceWith('primary.batch.bind(primary)'),
    it.call('onPrimary').unchain(),
  ]),
  ...inside('CONSTRAINT_ERRORS', IN_FLIGHT, (it) => [
    it.property('credential').value().replaceWith('() => forbidden()'),
    it.property('role').value().replaceWith("() => invalidToken('')"),
  ]),
]
