import { inTrigger } from '../mutation.ts'

/** Rules that database triggers enforce under any concurrency. */
export const TRIGGERS = [
  ...inTrigger('tickets_guard_insert', ['tickets/create-rights', 'tickets/create'], (it) => [
    it.sqlCondition('account_id = account_id', 1, 2).remove(),
    it.sqlCondition("kind = 'person'").remove(),
    it.sqlCondition("status = 'active'").remove(),
    it.sqlCondition("role IN ('admin', 'agent')").replaceWith('true'),
    it.sql('OR NOT EXISTS (SELECT 1 FROM users WHERE account_id = account_id AND id = created_by)').remove(),
  ]),
  ...inTrigger('tickets_guard_assignee', ['tickets/update-rights', 'tickets/update'], (it) => [
    it.sqlCondition('account_id = account_id').remove(),
    it.sqlCondition("kind = 'person'").remove(),
    it.sqlCondition("status = 'active'").remove(),
    it.sqlCondition("role IN ('admin', 'agent')").replaceWith('true'),
  ]),
  ...inTrigger('tickets_guard_creator', ['tickets/update-rights', 'tickets/update'], (it) => [
    it.sqlCondition('account_id = account_id').remove(),
    it.sqlCondition("kind = 'person'").remove(),
  ]),
  ...inTrigger('tickets_guard_tags', ['tickets/tag-rights', 'tickets/update'], (it) => [
    it.sql('json_array_length(tags) > 20').replaceWith('false'),
  ]),
  ...inTrigger('tickets_guard_custom_fields', ['tickets/tag-rights', 'tickets/update'], (it) => [
    it.sql('(SELECT count(*) FROM json_each(custom_fields)) > 50').replaceWith('false'),
  ]),
  ...inTrigger('tickets_guard_attachments', ['attachments/quota'], (it) => [
    it.sql('public_attachments + internal_attachments > 500').replaceWith('false'),
  ]),
  ...inTrigger('users_guard_last_admin', ['access/revocation', 'users/deactivate', 'users/update-rights'], (it) => [
    it.sql("RAISE(ABORT, 'refused:last_admin')").replaceWith('1'),
    it.sqlCondition('account_id = account_id').remove(),
    it.sqlCondition("kind = 'person'", 2, 2).remove(),
    it.sqlCondition("role = 'admin'", 2, 2).remove(),
    it.sqlCondition("status = 'active'", 2, 2).remove(),
  ]),
  ...inTrigger('attachments_guard_storage', ['attachments/quota'], (it) => [
    it.sql("RAISE(ABORT, 'refused:storage')").replaceWith('1'),
    it.sqlCondition('account_id = account_id').remove(),
  ]),
  ...inTrigger('guards_replay', ['service/idempotency-replay', 'service/idempotency-scope'], (it) => [
    it.sql("RAISE(ABORT, 'refused:replay')").replaceWith('1'),
  ]),
  ...inTrigger('guards_precondition', ['tickets/preconditions'], (it) => [
    it.sql("RAISE(ABORT, 'refused:precondition')").replaceWith('1'),
  ]),
  ...inTrigger('guards_status', ['tickets/update-rights'], (it) => [
    it.sql("RAISE(ABORT, 'refused:status')").replaceWith('1'),
  ]),
]
