import { type SQL, sql } from 'drizzle-orm'
import type { Role } from '../core/policy'
import { type Columns, jsonObject } from '../db/legacy'
import { insertEvent, reserveSequences } from '../db/outbox'
import { run, select } from '../db/statement'
import { nextWriteTime } from '../db/write-time'

const USER_SNAPSHOT: Columns = {
  id: 'u.id',
  name: 'u.name',
  email: 'u.email',
  role: 'u.role',
  status: 'u.status',
  created_at: 'u.created_at',
  last_login_at: 'u.last_login_at',
}

interface NewUser {
  accountId: string
  id: string
  name: string
  email: string
  emailNormalized: string
  role: Role
  passwordHash: string | null
  lastLoginAt: number | null
  now: number
}

/** Adds a person and the entry that its logins begin with. Fails with `unique` when the account knows the e-mail. */
export function insertUser(person: NewUser) {
  const { accountId, id, name, email, emailNormalized, role, passwordHash, lastLoginAt, now } = person
  return [
    run(sql`
      INSERT INTO users (account_id, id, kind, name, email, email_key, role, status, password_hash,
        credential_generation, created_at, last_login_at)
      VALUES (${accountId}, ${id}, 'person', ${name}, ${email}, ${emailNormalized}, ${role}, 'active', ${passwordHash},
        1, ${nextWriteTime(accountId, { now })}, ${lastLoginAt})`),
    run(sql`INSERT INTO logins (email_key, account_id, user_id) VALUES (${emailNormalized}, ${accountId}, ${id})`),
  ]
}

/** Writes the event of a new person; it goes behind the statements that add them, in their batch. */
export function emitUserCreated(accountId: string, userId: string, eventId: string, now: number) {
  return [
    reserveSequences(accountId, { now }, sql`1`),
    insertEvent({
      id: eventId,
      type: 'user.created',
      accountId,
      ticketId: null,
      isInternal: false,
      data: sql`json_object('user', json(${jsonObject(USER_SNAPSHOT)}))`,
      from: sql`users u WHERE u.account_id = ${accountId} AND u.id = ${userId}`,
    }),
  ]
}

export interface UserChange {
  name?: string | undefined
  email?: string | undefined
  emailNormalized?: string | undefined
  role?: Role | undefined
  status?: 'active' | 'inactive' | undefined
}

/**
 * Changes a person. Another e-mail or a deactivation ends the person's tokens, but for the spared one. Fails with
 * `refused: last_admin`, and with `unique` when the account knows the e-mail.
 */
export function updateUserStatement(accountId: string, id: string, change: UserChange, sparedToken: string | null) {
  const { name, email, emailNormalized, role, status } = change
  const assignments: SQL[] = []
  if (name !== undefined) assignments.push(sql`name = ${name}`)
  if (role !== undefined) assignments.push(sql`role = ${role}`)
  if (status !== undefined) assignments.push(sql`status = ${status}`)
  if (email !== undefined) assignments.push(sql`email = ${email}, email_key = ${emailNormalized}`)
  const ends = endsTokens(change)
  assignments.push(
    sql`credential_generation = credential_generation + ${ends}`,
    sql`spared_token = CASE WHEN ${ends} THEN ${sparedToken} ELSE spared_token END`,
  )
  return [
    ...(emailNormalized === undefined ? [] : [moveLogin(accountId, id, emailNormalized)]),
    run(sql`
      UPDATE users SET ${sql.join(assignments, sql`, `)}
      WHERE account_id = ${accountId} AND id = ${id} AND kind = 'person'`),
  ]
}

/** 1 where the change is of another e-mail or a deactivation, else 0, judged by the live row. */
function endsTokens({ emailNormalized, status }: UserChange): SQL {
  const otherEmail = emailNormalized === undefined ? sql`0` : sql`email_key IS NOT ${emailNormalized}`
  const deactivates = status === 'inactive' ? sql`status = 'active'` : sql`0`
  return sql`(${otherEmail} OR ${deactivates})`
}

function moveLogin(accountId: string, userId: string, emailNormalized: string) {
  return run(sql`
    UPDATE logins SET email_key = ${emailNormalized}
    WHERE account_id = ${accountId}
      AND email_key = (SELECT email_key FROM users WHERE account_id = ${accountId} AND id = ${userId} AND kind = 'person')`)
}

/** What checking a person's password needs. */
export function findPassword(accountId: string, id: string) {
  return select<{ email_key: string; password_hash: string | null; credential_generation: number }>(sql`
    SELECT email_key, password_hash, credential_generation FROM users
    WHERE account_id = ${accountId} AND id = ${id} AND kind = 'person' AND status = 'active'`)
}

/** Sets a password and ends the person's tokens, but for the spared one; if `generation` is given, only from there. */
export function updatePassword(
  accountId: string,
  id: string,
  passwordHash: string,
  sparedToken: string | null,
  generation: number | null = null,
) {
  const unchanged = generation === null ? sql`` : sql` AND credential_generation = ${generation}`
  return select<{ id: string }>(sql`
    UPDATE users SET password_hash = ${passwordHash}, credential_generation = credential_generation + 1,
      spared_token = ${sparedToken}
    WHERE account_id = ${accountId} AND id = ${id} AND kind = 'person'${unchanged}
    RETURNING id`)
}
