import { detail } from '../core/error-details'
import { forbidden, invalidCredentials, invalidInput, notFound } from '../core/errors'
import { managesUsers, type Role, readsUsers } from '../core/policy'
import { DbError } from '../db/errors'
import { countActiveWebhooks, type EventOf } from '../db/outbox'
import { newId } from '../lib/ids'
import { hashPassword, verifyPassword } from '../lib/passwords'
import { assertFound, commit, readBeforeWrite } from '../service/commit'
import { constraintError, fieldsForbidden, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import {
  emitUserCreated,
  findPassword,
  findSlug,
  insertUser,
  type insertUserCreatedEvent,
  type UserChange,
  updatePassword,
  updateUserStatement,
} from './change.queries'
import { emailTaken, ownPassword } from './errors'
import { isSlug, rejectCommonPassword, rejectKnownPassword } from './new-password'
import { findUser } from './queries'
import { type ChangePasswordInput, type CreateUserInput, presentUser, type UpdateUserInput } from './schema'

/** An event and its snapshot. */
export { foldUsers } from './backfill'
export { emailTaken } from './errors'
export { JANE, NEW_USER, SUPPORT } from './examples'
export { rejectCommonPassword, rejectKnownPassword } from './new-password'
export { presentUser, RoleName, User, UserRef } from './schema'

export type UserEvent = EventOf<typeof insertUserCreatedEvent>

/** For agents and admins; every user may read itself. Throws 404. */
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
  emailVerified: boolean
  role: Role
  passwordHash: string | null
  lastLoginAt: number | null
  /** Of the `user.created`; null emits none. */
  eventId: string | null
  now: number
}

/** The statements that add a user, and the user for `presentLogin`. */
export function newUserStatements({ eventId, ...newUser }: NewUserInput) {
  const { accountId, id, name, email, role, now } = newUser
  return {
    statements: [...insertUser(newUser), ...(eventId === null ? [] : emitUserCreated(accountId, id, eventId, now))],
    user: { id, name, email, role, token_version: 1 },
  }
}

/** For admins. A user without a password cannot log in. Throws 400 for a common password, and 409 for an email in use. */
export async function createUser(ctx: ServiceContext, input: CreateUserInput) {
  const { caller, now } = ctx
  if (input.password !== undefined) await checkFirstPassword(ctx, input.email, input.password)
  const id = newId('user', now)
  const newUser = newUserStatements({
    accountId: caller.accountId,
    id,
    name: input.name,
    email: input.email,
    emailVerified: true,
    role: input.role ?? 'customer',
    passwordHash: input.password === undefined ? null : await hashPassword(input.password),
    lastLoginAt: null,
    eventId: newId('evt', now),
    now,
  })
  const { rows, isReplay } = await commit(ctx, newUser.statements, {
    user: findUser(caller.accountId, id),
    activeWebhooks: countActiveWebhooks(caller.accountId),
  }).catch(rethrowUserConstraint)
  const [row] = rows.user
  if (!row) throw notFound()
  if (!isReplay) ctx.notifyConsumer(rows.activeWebhooks[0])
  return presentUser(row)
}

/** Only a password that has the form of a slug is compared with that of the account, because it takes a round trip. */
async function checkFirstPassword(ctx: ServiceContext, email: string, password: string): Promise<void> {
  await rejectCommonPassword(ctx, 'password', password)
  const found = isSlug(password) ? await readBeforeWrite(ctx, { account: findSlug(ctx.caller.accountId) }) : null
  rejectKnownPassword('password', password, { email, slug: found?.account[0]?.slug ?? '' })
}

/**
 * Users may change their own name and, with their password (400, 401, 429), their own email; admins may change every user.
 * Another email or a deactivation immediately revokes the user's tokens, except for that of the request. Throws 403, 404, and
 * 409 for an email in use and for the last active admin.
 */
export async function updateUser(ctx: ServiceContext, id: string, input: UpdateUserInput) {
  const { caller } = ctx
  const changesSelf = isSelf(ctx, id)
  if (!changesSelf && !managesUsers(caller.role)) throw readsUsers(caller.role) ? forbidden() : notFound()
  const adminFields = (['role', 'status'] as const).filter((field) => input[field] !== undefined)
  if (adminFields.length > 0 && !managesUsers(caller.role)) throw fieldsForbidden(adminFields)
  if (changesSelf && input.email !== undefined) await checkOwnPassword(ctx, input.current_password)
  else if (input.current_password !== undefined)
    throw invalidInput([
      detail(['current_password'], 'not_allowed', 'is only accepted with a change of your own email'),
    ])
  const { name, email, role, status } = input
  const exemptTokenId = changesSelf && status !== 'inactive' ? (caller.token?.id ?? null) : null
  return changeUser(ctx, id, { name, email, role, status }, exemptTokenId)
}

/** Ends a user's access immediately. For admins. Throws 404, and 409 for the last active admin. */
export async function deactivateUser(ctx: ServiceContext, id: string): Promise<void> {
  await changeUser(ctx, id, { status: 'inactive' }, null)
}

/**
 * Sets another user's password and immediately revokes all its tokens. For admins. Throws 403 for oneself, 400 for a common
 * password, and 404.
 */
export async function setPassword(ctx: ServiceContext, id: string, password: string): Promise<void> {
  if (isSelf(ctx, id)) throw ownPassword()
  await rejectCommonPassword(ctx, 'password', password)
  const { accountId } = ctx.caller
  const found = await readBeforeWrite(ctx, { user: findUser(accountId, id), account: findSlug(accountId) })
  if (found) rejectKnownPassword('password', password, knownTo(found))
  const hash = await hashPassword(password)
  const set = () => commit(ctx, [updatePassword(accountId, id, hash, null)], { user: findUser(accountId, id) })
  await ctx.memberCache.withInvalidation({ kind: 'person', id }, set).catch(rethrow)
}

/**
 * Sets the caller's own password and immediately revokes the caller's other tokens. For users. Throws 401
 * `invalid_credentials` for a wrong current password, which counts as a failed login.
 */
export async function changePassword(ctx: ServiceContext, input: ChangePasswordInput): Promise<void> {
  const { accountId, id, token } = ctx.caller
  await rejectCommonPassword(ctx, 'new_password', input.new_password)
  const current = await checkOwnPassword(ctx, input.current_password)
  if (current) rejectKnownPassword('new_password', input.new_password, current)
  const hash = await hashPassword(input.new_password)
  const set = () => ctx.db.all(updatePassword(accountId, id, hash, token?.id ?? null, current?.tokenVersion ?? null))
  const updated = await ctx.memberCache.withInvalidation({ kind: 'person', id }, set).catch(rethrow)
  if (updated.length === 0) throw invalidCredentials()
}

/**
 * Verifies the caller's password as a login does. Returns the token version that it was verified for and what a new password
 * must not be, or null without verifying if the request is a replay.
 */
async function checkOwnPassword(ctx: ServiceContext, password: string | undefined) {
  const { caller, throttle } = ctx
  if (password === undefined) throw invalidInput([detail(['current_password'], 'required', 'is required')])
  const found = await readBeforeWrite(ctx, {
    password: findPassword(caller.accountId, caller.id),
    account: findSlug(caller.accountId),
  })
  if (!found) return null
  const [row] = found.password
  const [account] = found.account
  if (!row || !account) throw invalidCredentials()
  await throttle.guardPasswordCheck(row.email_normalized, [caller], async () => {
    if (!(await verifyPassword(password, row.password_hash))) throw invalidCredentials()
    return caller
  })
  return { tokenVersion: row.token_version, email: row.email_normalized, slug: account.slug }
}

async function changeUser(ctx: ServiceContext, id: string, changes: UserChange, exemptTokenId: string | null) {
  const { accountId } = ctx.caller
  const writes = updateUserStatement(accountId, id, changes, {
    exemptTokenId,
    verifiesEmail: !isSelf(ctx, id),
    now: ctx.now,
  })
  const update = () => commit(ctx, writes, { user: findUser(accountId, id) })
  const touchesCredentials = changes.email !== undefined || changes.role !== undefined || changes.status !== undefined
  if (touchesCredentials) await assertExists(ctx, id)
  const { rows } = await (touchesCredentials
    ? ctx.memberCache.withInvalidation({ kind: 'person', id }, update)
    : update()
  ).catch(rethrowUserConstraint)
  const [row] = rows.user
  if (!row) throw notFound()
  return presentUser(row)
}

function isSelf({ caller }: ServiceContext, id: string): boolean {
  return caller.kind === 'person' && caller.id === id
}

/** What a new password of the user must not be. Throws 404. */
function knownTo({ user: [user], account: [account] }: { user: { email: string }[]; account: { slug: string }[] }) {
  if (!user || !account) throw notFound()
  return { email: user.email, slug: account.slug }
}

/** An unknown ID must not create a Durable Object. */
async function assertExists(ctx: ServiceContext, id: string): Promise<void> {
  if (isSelf(ctx, id)) return
  await assertFound(ctx, findUser(ctx.caller.accountId, id))
}

/** 409 for an email in use: it is the only unique value of a user that callers choose. */
export function rethrowUserConstraint(error: unknown): never {
  const isTaken = error instanceof DbError && error.failure.kind === 'unique'
  throw isTaken ? emailTaken() : constraintError(error)
}
