import { randomBytes } from 'node:crypto'
import { slugOf } from '../../src/accounts/slug.ts'
import { newId } from '../../src/lib/ids.ts'
import { hashPassword } from '../../src/lib/passwords.ts'
import { asciiLower, characters, isEmail } from '../../src/lib/text.ts'
import { toWireTime } from '../../src/lib/time.ts'
import { afterRestore } from './after-restore.ts'
import { backup } from './backup.ts'
import { checkFiles } from './check-files.ts'
import type { Options } from './command-options.ts'
import type { Database } from './database.ts'
import { reencrypt } from './reencrypt.ts'
import { restore } from './restore.ts'
import { statement as sql } from './statement.ts'
import { cell, formatTable } from './table.ts'
import { verify } from './verify.ts'

export interface Command {
  usage: string
  description: string
  /** Names of positional arguments; all are required. */
  argumentNames: string[]
  run(db: Database, args: string[], options: Options): Promise<string>
}

/** Changes take effect in the running service within 60 seconds. */
export const COMMANDS: Record<string, Command> = {
  'list-accounts': {
    usage: 'list-accounts',
    description: 'shows all accounts',
    argumentNames: [],
    run: async (db) => listAccounts(db),
  },
  'create-account': {
    usage: 'create-account NAME EMAIL [--slug SLUG] [--admin-name NAME]',
    description: 'makes an account with its first admin, and shows the password',
    argumentNames: ['NAME', 'EMAIL'],
    run: async (db, [name = '', email = ''], options) => createAccount(db, name, email, options),
  },
  'set-plan': {
    usage: 'set-plan SLUG standard|premium',
    description: 'changes the plan, and with it the rate limit',
    argumentNames: ['SLUG', 'PLAN'],
    run: async (db, [slug = '', plan = '']) => setPlan(db, slug, plan),
  },
  'revoke-key': {
    usage: 'revoke-key KEY_ID',
    description: 'ends an API key',
    argumentNames: ['KEY_ID'],
    run: async (db, [keyId = '']) => revokeKey(db, keyId),
  },
  'reset-password': {
    usage: 'reset-password SLUG EMAIL',
    description: 'sets a new password, shows it, and ends the tokens of the user',
    argumentNames: ['SLUG', 'EMAIL'],
    run: async (db, [slug = '', email = '']) => resetPassword(db, slug, email),
  },
  unlock: {
    usage: 'unlock EMAIL',
    description: 'lets an e-mail log in again that has failed too often',
    argumentNames: ['EMAIL'],
    run: async (db, [email = '']) => unlock(db, email),
  },
  verify: {
    usage: 'verify [--repair]',
    description: 'holds counters, tags, stored bytes and the full-text index against a recount',
    argumentNames: [],
    run: async (db, _args, options) => verify(db, options.repair === true),
  },
  reencrypt: {
    usage: 'reencrypt',
    description: 'after a rotation of APP_SECRET: moves what is stored, and says when the previous one may go',
    argumentNames: [],
    run: async (db) => {
      // Imported late, because it loads wrangler, which takes longer than most commands.
      const { readSecrets } = await import('./secrets.ts')
      return reencrypt(db.run, readSecrets(db.environment), Date.now())
    },
  },
  backup: {
    usage: 'backup FILE',
    description: 'writes all rows into a new file',
    argumentNames: ['FILE'],
    run: async (db, [file = '']) => backup(db, file),
  },
  restore: {
    usage: 'restore FILE',
    description: 'makes the database of a backup out of an empty one',
    argumentNames: ['FILE'],
    run: async (db, [file = '']) => restore(db, file),
  },
  'after-restore': {
    usage: 'after-restore SINCE [--gap N] [--revoke-keys]',
    description: 'after the database was set back to SINCE: ends tokens, raises numbers and sequences, lists keys',
    argumentNames: ['SINCE'],
    run: async (db, [since = ''], options) => afterRestore(db, since, options),
  },
  'check-files': {
    usage: 'check-files [--list FILE]',
    description: 'holds the objects of the file storage against attachments',
    argumentNames: [],
    run: async (db, _args, { list }) => checkFiles(db, typeof list === 'string' ? list : undefined),
  },
}

function listAccounts(db: Database): string {
  const [rows = []] = db.run(`
    SELECT a.slug, a.name, a.plan, a.created_at, a.id,
      (SELECT count(*) FROM users u WHERE u.account_id = a.id AND u.kind = 'person') AS users,
      (SELECT coalesce(sum(count), 0) FROM ticket_counters c WHERE c.account_id = a.id AND c.dimension = 'all') AS tickets
    FROM accounts a ORDER BY a.slug`)
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

async function createAccount(db: Database, name: string, email: string, options: Options): Promise<string> {
  const now = Date.now()
  const id = newId('acct', now)
  const userId = newId('user', now)
  const slug = typeof options.slug === 'string' ? options.slug : slugOf(name)
  const adminName = typeof options['admin-name'] === 'string' ? options['admin-name'] : 'Admin'
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug))
    throw new Error('SLUG must be lower-case letters and digits, with single hyphens between.')
  for (const given of [name, adminName])
    if (given.trim() === '' || characters(given) > 100) throw new Error('NAME must be 1 to 100 characters.')
  checkEmail(email)
  const [taken = []] = db.run(sql`SELECT 1 FROM accounts WHERE slug = ${slug}`)
  if (taken.length > 0) throw new Error(`There is an account ${slug} already. Choose another with --slug.`)
  const password = newPassword()
  const hash = await hashPassword(password)
  db.run(
    sql`INSERT INTO accounts (id, slug, name, plan, allow_registration, created_at)
      VALUES (${id}, ${slug}, ${name}, 'standard', 0, ${now})`,
    sql`INSERT INTO account_state (account_id, ticket_number, event_sequence) VALUES (${id}, 0, 0)`,
    sql`INSERT INTO users (account_id, id, kind, name, email, email_key, role, status, password_hash,
        credential_generation, created_at)
      VALUES (${id}, ${userId}, 'person', ${adminName}, ${email}, ${asciiLower(email)}, 'admin', 'active', ${hash}, 1, ${now})`,
    sql`INSERT INTO logins (email_key, account_id, user_id) VALUES (${asciiLower(email)}, ${id}, ${userId})`,
  )
  return `Account ${slug} (${id})\nAdmin    ${email}\nPassword ${password}   (shown here only)`
}

function setPlan(db: Database, slug: string, plan: string): string {
  if (plan !== 'standard' && plan !== 'premium') throw new Error('PLAN must be one of: standard, premium.')
  const [changed = []] = db.run(sql`UPDATE accounts SET plan = ${plan} WHERE slug = ${slug} RETURNING id`)
  if (changed.length === 0) throw new Error(`There is no account ${slug}.`)
  return `Account ${slug} is ${plan} within 60 seconds.`
}

function revokeKey(db: Database, keyId: string): string {
  const [changed = []] = db.run(sql`
    UPDATE api_keys SET revoked_at = ${Date.now()}, previous_hash = NULL, previous_until = NULL
    WHERE account_id = (SELECT account_id FROM key_directory WHERE key_id = ${keyId}) AND id = ${keyId}
      AND revoked_at IS NULL
    RETURNING id`)
  if (changed.length === 0) throw new Error(`There is no live key ${keyId}.`)
  return `Key ${keyId} is revoked within 60 seconds.`
}

async function resetPassword(db: Database, slug: string, email: string): Promise<string> {
  const password = newPassword()
  const hash = await hashPassword(password)
  const [changed = []] = db.run(sql`
    UPDATE users SET password_hash = ${hash}, credential_generation = credential_generation + 1, spared_token = NULL
    WHERE account_id = (SELECT id FROM accounts WHERE slug = ${slug}) AND email_key = ${asciiLower(email)}
      AND kind = 'person'
    RETURNING id`)
  if (changed.length === 0) throw new Error(`There is no user ${email} in an account ${slug}.`)
  return `Password ${password}   (shown here only)\nOlder tokens of ${email} are revoked within 60 seconds.`
}

function unlock(db: Database, email: string): string {
  checkEmail(email)
  const now = Date.now()
  db.run(sql`
    INSERT INTO login_unlocks (email_key, unlocked_at) VALUES (${asciiLower(email)}, ${now})
    ON CONFLICT (email_key) DO UPDATE SET unlocked_at = ${now}`)
  return `${email} may log in again within 60 seconds.`
}

function checkEmail(email: string): void {
  if (!isEmail(email) || characters(email) > 254) throw new Error('EMAIL must be an e-mail address.')
}

function newPassword(): string {
  return randomBytes(15).toString('base64url')
}
