import { inside } from '../mutation.ts'

/** What a role may do, beyond the guards of the routes. */
export const PERMISSIONS = [
  ...inside('seesAllTickets', ['tickets/get', 'access/roles'], (it) => [it.returned().always(true)]),
  ...inside('seesInternal', ['comments/internal', 'comments/list'], (it) => [it.returned().always(true)]),
  ...inside('forbiddenCreateFields', ['tickets/create-rights'], (it) => [it.condition().always(true)]),
  ...inside('CREATE_FIELDS_OF_CUSTOMERS', ['tickets/create-rights'], (it) => [
    it.literal('title').replaceWith("$0, 'status'"),
    it.literal('title').replaceWith("$0, 'created_by'"),
    it.literal('title').replaceWith("$0, 'assigned_to'"),
  ]),
  ...inside('forbiddenUpdateFields', ['tickets/update-rights'], (it) => [it.condition().always(true)]),
  ...inside('CHANGE_FIELDS_OF_CUSTOMERS', ['tickets/update-rights'], (it) => [
    it.literal('title').replaceWith("$0, 'priority'"),
    it.literal('title').replaceWith("$0, 'assigned_to'"),
    it.literal('title').replaceWith("$0, 'created_by'"),
  ]),
  ...inside('allowedFromStatuses', ['tickets/update-rights'], (it) => [
    it.condition(1, 2).always(true),
    it.array(1, 2).replaceWith("[$1, $2, 'in_progress']"),
  ]),
  ...inside('readsUsers', ['users/get', 'users/update-rights'], (it) => [it.returned().always(true)]),
  ...inside('updateUser', ['users/update-rights', 'users/update'], (it) => [
    it.call('managesUsers', 1, 2).replaceWith('$1'),
    it.literal(0).replaceWith('9'),
    it.call('isSelf').replaceWith('!($0)'),
    it.call('checkOwnPassword').replaceWith('Promise.resolve()'),
  ]),
  ...inside('createComment', ['comments/internal', 'comments/create'], (it) => [
    it.call('seesInternal').replaceWith('$1'),
  ]),
  ...inside('removeComment', ['comments/delete'], (it) => [
    it.call('deletesEveryComment').replaceWith('$1'),
    it.call('notTheAuthor').enclosingIf().remove(),
  ]),
  ...inside('createTicket', ['tickets/create-rights'], (it) => [
    it.call('assertFieldsAllowed').enclosingStatement().remove(),
  ]),
  ...inside('updateTicket', ['tickets/update-rights'], (it) => [
    it.call('assertFieldsAllowed').enclosingStatement().remove(),
    it.call('allowedFromStatuses').enclosingStatement().variable().replaceWith('$2'),
  ]),
  ...inside('requireRole/authorize', ['access/roles'], (it) => [
    it.call('includes').replaceWith('$1.length > 0'),
    it.operator('===').replaceWith('$1.length > 0'),
  ]),
  ...inside('requireRole/authorize', ['access/revocation', 'auth/logout', 'access/rate-limits'], (it) => [
    it.condition(1, 2).always(true),
  ]),
  ...inside('requireRole/authorize', ['access/refusals'], (it) => [it.condition(2, 2).replaceWith('$1')]),
  ...inside('verifyAndCount', ['access/roles'], (it) => [it.condition(3, 4).part(1).replaceWith('$1')]),
  ...inside('identify', ['access/roles'], (it) => [it.call('unreadable').replaceWith('new Error()')]),
  ...inside('registerRoute/handleSpeculatively', ['access/revocation'], (it) => [
    it.call('set').enclosingStatement().remove(),
  ]),
  ...inside('isUser', ['api-keys/member', 'tickets/create-rights', 'tickets/update-rights'], (it) => [
    it.sqlCondition("kind = 'person'").remove(),
  ]),
  ...inside('isAssignable', ['api-keys/member', 'tickets/create-rights', 'tickets/update-rights'], (it) => [
    it.sqlCondition("status = 'active'").remove(),
    it.sqlCondition("role IN ('admin', 'agent')").remove(),
  ]),
]
