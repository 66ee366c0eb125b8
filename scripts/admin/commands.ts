import type { Command } from './command-spec.ts'

const accounts = () => import('./accounts.ts')

/**
 * Changes take effect in the running service within 60 seconds. The code of a command is imported when it runs, because it
 * loads drizzle, which takes longer than the help.
 */
export const COMMANDS: Record<string, Command> = {
  'list-accounts': {
    argumentNames: [],
    description: 'shows all accounts',
    example: '',
    run: async (db) => (await accounts()).listAccounts(db),
  },
  'create-account': {
    argumentNames: ['NAME', 'EMAIL'],
    description: 'creates an account with its first admin, and shows the password',
    options: {
      slug: { type: 'string', value: 'SLUG', about: 'short name of the account, derived from NAME by default' },
      'admin-name': { type: 'string', value: 'NAME', about: 'name of the admin, Admin by default' },
    },
    example: '"Acme Inc" ada@acme.example --slug acme-inc --admin-name Ada',
    run: async (db, [name = '', email = ''], options) => (await accounts()).createAccount(db, name, email, options),
  },
  'set-plan': {
    argumentNames: ['SLUG', 'standard|premium'],
    description: 'changes the plan of an account, and with it the rate limit',
    example: 'acme premium',
    run: async (db, [slug = '', plan = '']) => (await accounts()).setPlan(db, slug, plan),
  },
  'revoke-key': {
    argumentNames: ['KEY_ID'],
    description: 'revokes an API key',
    example: 'key_01jx3v9q0mf4t8n2c5h7d6k1ze',
    run: async (db, [keyId = '']) => (await accounts()).revokeKey(db, keyId),
  },
  'reset-password': {
    argumentNames: ['SLUG', 'EMAIL'],
    description: 'sets a new password and shows it, and revokes all tokens of the user',
    example: 'acme user@example.com',
    run: async (db, [slug = '', email = '']) => (await accounts()).resetPassword(db, slug, email),
  },
  unlock: {
    argumentNames: ['EMAIL'],
    description: 'allows logins of an email that is locked after too many failed ones',
    example: 'user@example.com',
    run: async (db, [email = '']) => (await accounts()).unlock(db, email),
  },
  verify: {
    argumentNames: [],
    description: 'compares counters, tags, stored bytes and the full-text index with a recount',
    details: 'Exits with code 1 if something differs.',
    options: { repair: { type: 'boolean', about: 'replace what differs by the recount' } },
    example: '--repair',
    run: async (db, _args, options) => (await import('./verify/verify.ts')).verify(db, options.repair === true),
  },
  reencrypt: {
    argumentNames: [],
    description: 'after a rotation of APP_SECRET, encrypts stored secrets with the new one',
    details: `Reads APP_SECRET and APP_SECRET_PREVIOUS from the environment, or locally from .dev.vars. Reports when
APP_SECRET_PREVIOUS can be removed.`,
    example: '',
    run: async (db) => {
      const [{ reencrypt }, { readSecrets }] = await Promise.all([import('./reencrypt.ts'), import('./secrets.ts')])
      return reencrypt(db.run, readSecrets(db.environment), Date.now())
    },
  },
  backup: {
    argumentNames: ['FILE'],
    description: 'writes all rows into a new file',
    details: 'The file has password hashes and encrypted secrets: store it as safely as the database.',
    example: 'acme.backup',
    run: async (db, [file = '']) => (await import('./backup.ts')).backup(db, file),
  },
  restore: {
    argumentNames: ['FILE'],
    description: 'restores a backup into an empty database',
    details: 'Refuses while a server uses the local data.',
    example: 'acme.backup',
    run: async (db, [file = '']) => (await import('./restore.ts')).restore(db, file),
  },
  'after-restore': {
    argumentNames: ['SINCE'],
    description: 'after the database was set back: revokes tokens, raises numbers, lists API keys',
    details: `SINCE is the time to which it was set back. Ticket numbers, versions and event sequences continue beyond all that may have been used since.`,
    options: {
      gap: {
        type: 'string',
        value: 'N',
        about: 'how far to raise numbers; by default 1,000 for each second since SINCE',
      },
      'revoke-keys': { type: 'boolean', about: 'revoke all API keys' },
    },
    example: '2026-12-01T09:30:00Z --revoke-keys',
    run: async (db, [since = ''], options) => (await import('./after-restore.ts')).afterRestore(db, since, options),
  },
  'check-files': {
    argumentNames: [],
    description: 'compares stored files with attachments',
    details: 'Exits with code 1 if an attachment has no file.',
    options: {
      list: {
        type: 'string',
        value: 'FILE',
        about: 'a file with the keys of the bucket, one a line; required with --remote',
      },
    },
    example: '--list keys.txt',
    run: async (db, _args, { list }) =>
      (await import('./check-files.ts')).checkFiles(db, typeof list === 'string' ? list : undefined),
  },
}
