import type { Role } from '../core/policy'
import { alias } from '../db/alias'
import { jsonObject } from '../db/json'
import { insertEvent, reserveSequences } from '../db/outbox'
import { accounts, loginIdentities, users } from '../db/schema/accounts'
import { selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { query, select } from '../db/statement'
import { insertSelect, omitUndefined, update } from '../db/write'
import { nextWriteTime } from '../db/write-time'
import { foldText } from '../lib/fold-text'
import { asciiLower } from '../lib/text'
import { USER, type UserRow } from './queries'

const u = alias(users, 'u')

interface NewUser {
  accountId: string
  id: string
  name: string
  email: string
  /** Whether somebody other than the user entered the email. */
  emailVerified: boolean
  role: Role
  passwordHash: string | null
  lastLoginAt: number | null
  now: number
}

/** Inserts a user and its login identity. Fails with `unique` if the account has a user with the email. */
export function insertUser(user: NewUser) {
  const { accountId, id, name, email, emailVerified, role, passwordHash, lastLoginAt, now } = user
  const emailNormalized = asciiLower(email)
  return [
    insertSelect(users, {
      accountId,
      id,
      kind: 'person',
      name,
      email,
      emailNormalized,
      emailVerified: emailVerified ? 1 : 0,
      role,
      status: 'active',
      passwordHash,
      tokenVersion: 1,
      createdAt: nextWriteTime(accountId, { now }),
      lastLoginAt,
      foldedName: foldText(name),
      foldedEmail: foldText(email),
    }),
    insertSelect(loginIdentities, {
      emailNormalized,
      accountId,
      userId: id,
      claimedAt: now,
      canLogIn: passwordHash === null ? 0 : 1,
    }),
  ]
}

/** For the batch that inserts the user, after it. */
export function emitUserCreated(accountId: string, userId: string, eventId: string, now: number) {
  return [reserveSequences(accountId, { now }, sql`1`), insertUserCreatedEvent(accountId, userId, eventId)]
}

export function insertUserCreatedEvent(accountId: string, userId: string, eventId: string) {
  return insertEvent({
    id: eventId,
    type: 'user.created',
    accountId,
    ticketId: null,
    isInternal: false,
    data: jsonObject({ user: USER.json }),
    from: sql`${u} WHERE ${u.accountId} = ${accountId} AND ${u.id} = ${userId}`,
  })
}

export interface UserChange {
  name?: string | undefined
  email?: string | undefined
  role?: Role | undefined
  status?: UserRow['status'] | undefined
}

/**
 * Changes a user. Another email or a deactivation revokes the user's tokens, except for one. Fails with
 * `refused: last_admin`, and with `unique` if the account has another user with the email.
 */
export function updateUserStatement(
  accountId: string,
  id: string,
  change: UserChange,
  { exemptTokenId, verifiesEmail, now }: { exemptTokenId: string | null; verifiesEmail: boolean; now: number },
) {
  const { name, email, role, status } = change
  const newName = name === undefined ? null : { name, foldedName: foldText(name) }
  const newEmail = email === undefined ? null : emailColumns(email, verifiesEmail)
  const revokes = revokesTokens(newEmail?.emailNormalized, status)
  return [
    ...(newEmail ? [updateLoginIdentity(accountId, id, newEmail.emailNormalized, now)] : []),
    update(
      users,
      {
        ...omitUndefined({ role, status }),
        ...newName,
        ...newEmail,
        tokenVersion: sql`${users.tokenVersion} + ${revokes}`,
        exemptTokenId: sql`CASE WHEN ${revokes} THEN ${exemptTokenId} ELSE ${users.exemptTokenId} END`,
      },
      sql`${users.accountId} = ${accountId} AND ${users.id} = ${id} AND ${users.kind} = 'person'`,
    ),
  ]
}

function emailColumns(email: string, isVerified: boolean) {
  const emailNormalized = asciiLower(email)
  const emailVerified = sql<number>`CASE WHEN ${users.emailNormalized} = ${emailNormalized}
    THEN ${users.emailVerified} ELSE ${isVerified ? 1 : 0} END`
  return { email, emailNormalized, emailVerified, foldedEmail: foldText(email) }
}

/** 1 or 0: compares the change with the committed row. */
function revokesTokens(emailNormalized: string | undefined, status: UserChange['status']): SQL {
  const changesEmail = emailNormalized === undefined ? sql`0` : sql`${users.emailNormalized} IS NOT ${emailNormalized}`
  const deactivates = status === 'inactive' ? sql`${users.status} = 'active'` : sql`0`
  return sql`(${changesEmail} OR ${deactivates})`
}

/** Before the user itself is changed: finds the identity by the user's present email. */
function updateLoginIdentity(accountId: string, userId: string, emailNormalized: string, now: number) {
  const l = loginIdentities
  const present = sql`(SELECT ${users.emailNormalized} FROM ${users}
    WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${userId} AND ${users.kind} = 'person')`
  const claimedAt = sql<number>`CASE WHEN ${l.emailNormalized} = ${emailNormalized} THEN ${l.claimedAt} ELSE ${now} END`
  const condition = sql`${l.accountId} = ${accountId} AND ${l.emailNormalized} = ${present}`
  return update(l, { emailNormalized, claimedAt }, condition)
}

const PASSWORD = selection({
  email_normalized: users.emailNormalized,
  password_hash: users.passwordHash,
  token_version: users.tokenVersion,
})

const SLUG = selection({ slug: accounts.slug })

export function findSlug(accountId: string) {
  return select(SLUG, sql`FROM ${accounts} WHERE ${accounts.id} = ${accountId}`)
}

/** Of an active user. */
export function findPassword(accountId: string, id: string) {
  return select(
    PASSWORD,
    sql`FROM ${users} WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${id}
      AND ${users.kind} = 'person' AND ${users.status} = 'active'`,
  )
}

const USER_ID = selection({ id: users.id })

/**
 * Sets a password and revokes the user's tokens, except for one. With `tokenVersion`, only if no other change has revoked
 * tokens since that version; else it returns no row.
 */
export function updatePassword(
  accountId: string,
  id: string,
  passwordHash: string,
  exemptTokenId: string | null,
  tokenVersion: number | null = null,
) {
  const isUnchanged = tokenVersion === null ? sql`` : sql` AND ${users.tokenVersion} = ${tokenVersion}`
  return query(
    USER_ID,
    sql`UPDATE ${users} SET ${users.passwordHash} = ${passwordHash},
        ${users.tokenVersion} = ${users.tokenVersion} + 1, ${users.exemptTokenId} = ${exemptTokenId}
      WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${id} AND ${users.kind} = 'person'${isUnchanged}
      RETURNING ${USER_ID.list}`,
  )
}
