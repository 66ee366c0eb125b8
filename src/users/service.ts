import { detail } from '../core/error-details'
import { forbidden, invalidCredentials, invalidInput, notFound } from '../core/errors'
import { managesUsers, type Role, readsUsers } from '../core/policy'
import { DbError } from '../db/errors'
import { countActiveWebhooks } from '../db/outbox'
import { newId } from '../lib/ids'
import { hashPassword, verifyPassword } from '../lib/passwords'
import { asciiLower } from '../lib/text'
import { commit, readBeforeWrite } from '../service/commit'
import { constraintError, fieldsForbidden, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import {
  emitUserCreated,
  findPassword,
  insertUser,
  type UserChange,
  updatePassword,
  updateUserStatement,
} from './change.queries'
import { emailTaken } from './errors'
import { findUser } from './queries'
import { type ChangePasswordInput, type CreateUserInput, presentUser, type UpdateUserInput } from './schema'

export { emailTaken } from './errors'
export { JANE, NEW_USER, SUPPORT } from './examples'
export type { UserRow } from './queries'
export { presentUser, RoleName, User, UserRef } from './schema'

/** One person of the account. For agents and admins; everybody may read themselves. Throws 404. */
export async function getUser({ caller, db }: ServiceContext, id: string) {
  if (!readsUsers(caller.role) && id !== caller.id) throw notFound()
  const row = await db.first(findUser(caller.accountId, id))
  if (!row) throw notFound()
  return presentUser(row)
}

interface NewUserInput {
  accountId: string
  id: string
  name: string
  email: string
  role: Role
  passwordHash: string | null
  lastLoginAt: number | null
  /** The ID of the event that tells of it; null tells nobody. */
  eventId: string | null
  now: number
}

/** A new person as statements for a batch, and as its first token names it. */
export function newUserStatements({ eventId, ...person }: NewUserInput) {
  const { accountId, id, name, email, role, now } = person
  return {
    statements: [
      ...insertUser({ ...person, emailNormalized: asciiLower(email) }),
      ...(eventId === null ? [] : emitUserCreated(accountId, id, eventId, now)),
    ],
    user: { id, name, email, role, credential_generation: 1 },
  }
}

/** Adds a person to the account. For admins. Without a password they can't log in. Throws 409 for an e-mail in use. */
export async function createUser(ctx: ServiceContext, input: CreateUserInput) {
  const { caller, now } = ctx
  const id = newId('user', now)
  const person = newUserStatements({
    accountId: caller.accountId,
    id,
    name: input.name,
    email: input.email,
    role: input.role ?? 'customer',
    passwordHash: input.password === undefined ? null : await hashPassword(input.password),
    lastLoginAt: null,
    eventId: newId('evt', now),
    now,
  })
  const answers = [findUser(caller.accountId, id), countActiveWebhooks(caller.accountId)] as const
  const { rows, isReplay } = await commit(ctx, person.statements, answers).catch(rethrowUserConstraint)
  const [[row], [activeWebhooks]] = rows
  if (!row) throw notFound()
  if (!isReplay) ctx.notifyConsumer(activeWebhooks)
  return presentUser(row)
}

/**
 * Changes a person. Everybody may change their own name, and their e-mail with their password (400, 401, 429); admins
 * change anybody, role and status too. Another e-mail or a deactivation ends the person's tokens at once, but for the
 * one that the request came with. Throws 403, 404, 409 for an e-mail in use and for the last active admin.
 */
export async function updateUser(ctx: ServiceContext, id: string, input: UpdateUserInput) {
  const { caller } = ctx
  const isSelf = caller.kind === 'person' && caller.id === id
  if (!isSelf && !managesUsers(caller.role)) throw readsUsers(caller.role) ? forbidden() : notFound()
  const refused = managesUsers(caller.role)
    ? []
    : (['role', 'status'] as const).filter((field) => input[field] !== undefined)
  if (refused.length > 0) throw fieldsForbidden(refused)
  if (isSelf && input.email !== undefined) await checkOwnPassword(ctx, input.current_password)
  else if (input.current_password !== undefined)
    throw invalidInput([detail(['current_password'], 'is only for a change of your own e-mail')])
  const { name, email, role, status } = input
  const emailNormalized = email === undefined ? undefined : asciiLower(email)
  const exemptToken = isSelf && status !== 'inactive' ? (caller.token?.id ?? null) : null
  return change(ctx, id, { name, email, emailNormalized, role, status }, exemptToken)
}

/** Deactivates a person, who is dead to the API at once. For admins. Throws 404, and 409 for the last active admin. */
export async function deactivateUser(ctx: ServiceContext, id: string): Promise<void> {
  await change(ctx, id, { status: 'inactive' }, null)
}

/** Sets a person's password and ends all of their tokens at once. For admins. Throws 404. */
export async function setPassword(ctx: ServiceContext, id: string, password: string): Promise<void> {
  await mustExist(ctx, id)
  const hash = await hashPassword(password)
  const { accountId } = ctx.caller
  const set = () => commit(ctx, [updatePassword(accountId, id, hash, null)], [findUser(accountId, id)])
  await ctx.credentials.withInvalidation({ kind: 'person', id }, set).catch(rethrow)
}

/**
 * Sets the caller's own password and ends their other tokens at once. For people. Throws 401 `invalid_credentials` for
 * a wrong current password, which counts as a failed login.
 */
export async function changePassword(ctx: ServiceContext, input: ChangePasswordInput): Promise<void> {
  const { accountId, id, token } = ctx.caller
  const generation = await checkOwnPassword(ctx, input.current_password)
  const hash = await hashPassword(input.new_password)
  const set = () => ctx.db.all(updatePassword(accountId, id, hash, token?.id ?? null, generation))
  const updated = await ctx.credentials.withInvalidation({ kind: 'person', id }, set).catch(rethrow)
  if (updated.length === 0) throw invalidCredentials()
}

/**
 * Checks the caller's password as a login would, and gives the generation that it was checked for; null, with nothing
 * checked, where the request was carried out before.
 */
async function checkOwnPassword(ctx: ServiceContext, password: string | undefined): Promise<number | null> {
  const { caller, throttle } = ctx
  if (password === undefined) throw invalidInput([detail(['current_password'], 'is required')])
  const before = await readBeforeWrite(ctx, [findPassword(caller.accountId, caller.id)])
  if (!before) return null
  const [[row]] = before
  if (!row) throw invalidCredentials()
  const owner = { emailNormalized: row.email_key, user: { accountId: caller.accountId, id: caller.id } }
  await throttle.guardPasswordCheck(owner, async () => {
    if (!(await verifyPassword(password, row.password_hash))) throw invalidCredentials()
  })
  return row.credential_generation
}

async function change(ctx: ServiceContext, id: string, changes: UserChange, exemptToken: string | null) {
  const { accountId } = ctx.caller
  const update = () => commit(ctx, updateUserStatement(accountId, id, changes, exemptToken), [findUser(accountId, id)])
  const touchesCredentials = changes.email !== undefined || changes.role !== undefined || changes.status !== undefined
  if (touchesCredentials) await mustExist(ctx, id)
  const { rows } = await (touchesCredentials
    ? ctx.credentials.withInvalidation({ kind: 'person', id }, update)
    : update()
  ).catch(rethrowUserConstraint)
  const [[row]] = rows
  if (!row) throw notFound()
  return presentUser(row)
}

/** An ID that is no person's must not make a Durable Object. */
async function mustExist(ctx: ServiceContext, id: string): Promise<void> {
  if (ctx.caller.kind === 'person' && id === ctx.caller.id) return
  const before = await readBeforeWrite(ctx, [findUser(ctx.caller.accountId, id)])
  if (before && !before[0][0]) throw notFound()
}

/** An e-mail is the only key of a person that callers choose. */
export function rethrowUserConstraint(error: unknown): never {
  const isTaken = error instanceof DbError && error.failure.kind === 'unique'
  throw isTaken ? emailTaken() : constraintError(error)
}
