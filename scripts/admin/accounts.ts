import { randomBytes } from 'node:crypto'
import type { Column } from 'drizzle-orm'
import { slugOf } from '../../src/accounts/slug.ts'
import { alias } from '../../src/db/alias.ts'
import {
  accountCounters,
  accounts,
  apiKeyAccounts,
  apiKeys,
  loginIdentities,
  loginUnlocks,
  users,
} from '../../src/db/schema/accounts.ts'
import { ticketCounters } from '../../src/db/schema/tickets.ts'
import { sql } from '../../src/db/sql.ts'
import { type Statement, select } from '../../src/db/statement.ts'
import { deleteFrom, insertSelect, update } from '../../src/db/write.ts'
import { foldText } from '../../src/lib/fold-text.ts'
import { newId } from '../../src/lib/ids.ts'
import { hashPassword } from '../../src/lib/passwords.ts'
import {
  asciiLower,
  characters,
  hasBidiControl,
  hasVisibleCharacter,
  isCleanText,
  isEmail,
} from '../../src/lib/text.ts'
import { toWireTime } from '../../src/lib/time.ts'
import { sqlText } from '../lib/sql-text.ts'
import type { Options } from './command-options.ts'
import type { Database } from './database.ts'
import { cell, formatTable } from './table.ts'

const a = alias(accounts, 'a')
const c = alias(ticketCounters, 'c')
const u = alias(users, 'u')

export function listAccounts(db: Database): string {
  const [rows = []] = db.run(
    sqlText(
      select(
        {
          slug: a.slug,
          name: a.name,
          plan: a.plan,
          created_at: a.createdAt,
          id: a.id,
          users: sql`(SELECT count(*) FROM ${u} WHERE ${u.accountId} = ${a.id} AND ${u.kind} = 'person')`,
          tickets: sql`(SELECT coalesce(sum(${c.count}), 0) FROM ${c} WHERE ${c.accountId} = ${a.id} AND ${c.dimension} = 'all')`,
        },
        sql`FROM ${a} ORDER BY ${a.slug}`,
      ),
    ),
  )
  const lines = rows.map((row) => [
    cell(row, 'slug'),
    cell(row, 'name'),
    cell(row, 'plan'),
    cell(row, 'users'),
    cell(row, 'tickets'),
    toWireTime(Number(row.created_at)),
    cell(row, 'id'),
  ])
  return formatTable(['SLUG', 'NAME', 'PLAN', 'USERS', 'TICKETS', 'CREATED', 'ID'], lines)
}

export async function createAccount(db: Database, name: string, email: string, options: Options): Promise<string> {
  const now = Date.now()
  const id = newId('acct', now)
  const userId = newId('user', now)
  const slug = typeof options.slug === 'string' ? options.slug : slugOf(name)
  const adminName = typeof options['admin-name'] === 'string' ? options['admin-name'] : 'Admin'
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug))
    throw new Error('SLUG must be lower-case letters and digits, with single hyphens between.')
  for (const given of [name, adminName])
    if (!isName(given))
      throw new Error(
        'NAME must be 1 to 100 characters, one of them visible and none that changes the direction of text.',
      )
  checkEmail(email)
  const [taken = []] = db.run(sqlText(sql`SELECT 1 FROM ${accounts} WHERE ${accounts.slug} = ${slug}`))
  if (taken.length > 0) throw new Error(`There is an account ${slug} already. Choose another with --slug.`)
  const password = newPassword()
  const hash = await hashPassword(password)
  const emailNormalized = asciiLower(email)
  db.run(
    sqlText(insertSelect(accounts, { id, slug, name, plan: 'standard', allowRegistration: 0, createdAt: now })),
    sqlText(insertSelect(accountCounters, { accountId: id, ticketNumber: 0, eventSequence: 0 })),
    sqlText(
      insertSelect(users, {
        accountId: id,
        id: userId,
        kind: 'person',
        name: adminName,
        email,
        emailNormalized,
        emailVerified: 1,
        role: 'admin',
        status: 'active',
        passwordHash: hash,
        tokenVersion: 1,
        createdAt: now,
        foldedName: foldText(adminName),
        foldedEmail: foldText(email),
      }),
    ),
    sqlText(insertSelect(loginIdentities, { emailNormalized, accountId: id, userId, claimedAt: now })),
  )
  return `Account ${slug} (${id})\nAdmin    ${email}\nPassword ${password}   (shown here only)`
}

export function setPlan(db: Database, slug: string, plan: string): string {
  if (plan !== 'standard' && plan !== 'premium') throw new Error('PLAN must be one of: standard, premium.')
  const [changed = []] = db.run(returningId(update(accounts, { plan }, sql`${accounts.slug} = ${slug}`), accounts))
  if (changed.length === 0) throw new Error(`There is no account ${slug}.`)
  return `Account ${slug} is ${plan} within 60 seconds.`
}

export function revokeKey(db: Database, keyId: string): string {
  const accountId = sql`(SELECT ${apiKeyAccounts.accountId} FROM ${apiKeyAccounts} WHERE ${apiKeyAccounts.keyId} = ${keyId})`
  const revoke = update(
    apiKeys,
    { revokedAt: Date.now(), previousHash: null, previousUntil: null },
    sql`${apiKeys.accountId} = ${accountId} AND ${apiKeys.id} = ${keyId} AND ${apiKeys.revokedAt} IS NULL`,
  )
  const [changed = []] = db.run(returningId(revoke, apiKeys))
  if (changed.length === 0) throw new Error(`There is no active key ${keyId}.`)
  return `Key ${keyId} is revoked within 60 seconds.`
}

export async function resetPassword(db: Database, slug: string, email: string): Promise<string> {
  const password = newPassword()
  const hash = await hashPassword(password)
  const accountId = sql`(SELECT ${accounts.id} FROM ${accounts} WHERE ${accounts.slug} = ${slug})`
  const change = update(
    users,
    { passwordHash: hash, tokenVersion: sql`${users.tokenVersion} + 1`, exemptTokenId: null },
    sql`${users.accountId} = ${accountId} AND ${users.emailNormalized} = ${asciiLower(email)} AND ${users.kind} = 'person'`,
  )
  const [changed = []] = db.run(returningId(change, users))
  if (changed.length === 0) throw new Error(`There is no user ${email} in an account ${slug}.`)
  return `Password ${password}   (shown here only)\nOlder tokens of ${email} are revoked within 60 seconds.`
}

export function unlock(db: Database, email: string): string {
  checkEmail(email)
  const emailNormalized = asciiLower(email)
  db.run(
    sqlText(deleteFrom(loginUnlocks, sql`${loginUnlocks.emailNormalized} = ${emailNormalized}`)),
    sqlText(insertSelect(loginUnlocks, { emailNormalized, unlockedAt: Date.now() })),
  )
  return `${email} may log in again within 60 seconds.`
}

function returningId({ query }: Statement, { id }: { id: Column }): string {
  return sqlText(sql`${query} RETURNING ${id}`)
}

function isName(text: string): boolean {
  return characters(text) <= 100 && isCleanText(text) && !hasBidiControl(text) && hasVisibleCharacter(text)
}

function checkEmail(email: string): void {
  if (!isEmail(email) || characters(email) > 254) throw new Error('EMAIL must be an email address.')
}

function newPassword(): string {
  return randomBytes(15).toString('base64url')
}
