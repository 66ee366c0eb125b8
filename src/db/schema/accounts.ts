import { sql } from 'drizzle-orm'
import { foreignKey, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * `accounts`, `logins`, `key_directory`, `login_unlocks`, `app_secrets` and `backfills` are global. Every other table belongs to an
 * account, and each statement on it names `account_id`. Times are in milliseconds since the epoch. Triggers, full-text search,
 * STRICT and WITHOUT ROWID are written by hand in `migrations/`, because drizzle-kit does not support them.
 */
export const accounts = sqliteTable('accounts', {
  id: text('id').primaryKey(),
  slug: text('slug').notNull().unique(),
  name: text('name').notNull(),
  plan: text('plan', { enum: ['standard', 'premium'] }).notNull(),
  allowRegistration: integer('allow_registration').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** The accounts of an email address: a login does not name the account. */
export const loginIdentities = sqliteTable(
  'logins',
  {
    emailNormalized: text('email_key').notNull(),
    accountId: text('account_id').notNull(),
    userId: text('user_id').notNull(),
    /** When (ms) the user got this email, which an import cannot choose. 0 in rows of earlier releases. */
    claimedAt: integer('claimed_at').notNull().default(0),
    /**
     * Maintained by a trigger: 0 for users that are inactive or have no password. A row of an earlier release has 1 until its
     * user changes.
     */
    canLogIn: integer('can_log_in').notNull().default(1),
  },
  (t) => [
    primaryKey({ columns: [t.emailNormalized, t.accountId] }),
    index('logins_candidates').on(t.emailNormalized, t.claimedAt, t.userId, t.accountId).where(sql`can_log_in = 1`),
  ],
)

/** Events after `fanned_out_sequence` have no deliveries yet. */
export const accountCounters = sqliteTable(
  'account_state',
  {
    accountId: text('account_id').primaryKey(),
    ticketNumber: integer('ticket_number').notNull(),
    eventSequence: integer('event_sequence').notNull(),
    fannedOutSequence: integer('fanned_out_sequence').notNull().default(0),
    /** Maintained by triggers. */
    activeWebhooks: integer('listeners').notNull().default(0),
    /** The minute (since the epoch) in which deliveries were last sent. */
    quotaWindow: integer('pace_minute').notNull().default(0),
    /** Deliveries sent in that minute. */
    quotaUsed: integer('pace_sent').notNull().default(0),
    /** When a worker last leased one of the account's webhooks. */
    lastServedAt: integer('served_at').notNull().default(0),
    /** Maintained by triggers: the bytes of all attachments. */
    storedBytes: integer('stored_bytes').notNull().default(0),
    /** The time (ms) of the latest write that emitted an event. Times of later writes are later. */
    lastWriteAt: integer('last_write_at').notNull().default(0),
  },
  (t) => [index('account_state_to_fan_out').on(t.accountId).where(sql`event_sequence > fanned_out_sequence`)],
)

/** Members of an account: users, and the API keys that act in it. */
export const users = sqliteTable(
  'users',
  {
    accountId: text('account_id').notNull(),
    id: text('id').notNull(),
    kind: text('kind', { enum: ['person', 'key'] }).notNull(),
    name: text('name').notNull(),
    email: text('email').notNull(),
    emailNormalized: text('email_key').notNull(),
    /**
     * 0 if the user entered the email itself, and in rows of earlier releases, which do not show who did: nobody may take an
     * email for verified that is not known to be.
     */
    emailVerified: integer('email_verified').notNull().default(0),
    role: text('role', { enum: ['admin', 'agent', 'customer'] }).notNull(),
    status: text('status', { enum: ['active', 'inactive'] }).notNull(),
    passwordHash: text('password_hash'),
    /** Tokens of another version are revoked, except for `exemptTokenId`. */
    tokenVersion: integer('credential_generation').notNull(),
    exemptTokenId: text('spared_token'),
    createdAt: integer('created_at').notNull(),
    lastLoginAt: integer('last_login_at'),
    /** For searches, which ignore case and accents. Null until the sweep has added them. */
    foldedName: text('folded_name'),
    foldedEmail: text('folded_email'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.id] }),
    uniqueIndex('users_by_email').on(t.accountId, t.emailNormalized),
    index('users_by_role')
      .on(t.accountId, t.role, t.status, t.createdAt, t.id, t.name, t.emailNormalized)
      .where(sql`kind = 'person'`),
    index('users_by_search')
      .on(t.accountId, t.role, t.status, t.createdAt, t.id, t.foldedName, t.foldedEmail)
      .where(sql`kind = 'person' AND folded_name IS NOT NULL`),
    index('users_admins').on(t.accountId).where(sql`kind = 'person' AND role = 'admin' AND status = 'active'`),
  ],
)

/** Maintained by triggers: how many users of an account have a role and a status. */
export const userCounters = sqliteTable(
  'user_counters',
  {
    accountId: text('account_id').notNull(),
    role: text('role').notNull(),
    status: text('status').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.role, t.status] })],
)

export const revokedTokens = sqliteTable(
  'revoked_tokens',
  {
    accountId: text('account_id').notNull(),
    userId: text('user_id').notNull(),
    tokenId: text('token_id').notNull(),
    revokedAt: integer('revoked_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.userId, t.tokenId] }),
    index('revoked_tokens_by_time').on(t.accountId, t.userId, t.revokedAt),
    index('revoked_tokens_by_expiry').on(t.expiresAt),
  ],
)

/** The credentials of members of kind `key`. Secrets are stored as SHA-256 (hexadecimal). */
export const apiKeys = sqliteTable(
  'api_keys',
  {
    accountId: text('account_id').notNull(),
    id: text('id').notNull(),
    lastFour: text('last_four').notNull(),
    hash: text('hash').notNull(),
    previousHash: text('previous_hash'),
    previousUntil: integer('previous_until'),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.id] }),
    foreignKey({ columns: [t.accountId, t.id], foreignColumns: [users.accountId, users.id] }),
  ],
)

/** The account of each API key: a request does not name the account. */
export const apiKeyAccounts = sqliteTable('key_directory', {
  keyId: text('key_id').primaryKey(),
  accountId: text('account_id').notNull(),
})

/** When the operator last unlocked an email address after too many failed logins. */
export const loginUnlocks = sqliteTable('login_unlocks', {
  emailNormalized: text('email_key').primaryKey(),
  unlockedAt: integer('unlocked_at').notNull(),
})

/** Since when (ms) the deploy command has known each APP_SECRET. The name does not reveal the secret. */
export const appSecrets = sqliteTable('app_secrets', {
  name: text('name').primaryKey(),
  knownSince: integer('known_since').notNull(),
})

/**
 * Written in the batch of the request with the key, and kept for a day: the rows of its response, as JSON, and the secret in
 * it, encrypted.
 */
export const idempotencyRecords = sqliteTable(
  'idempotency_records',
  {
    accountId: text('account_id').notNull(),
    callerId: text('caller_id').notNull(),
    keyHash: text('key_hash').notNull(),
    fingerprint: text('request_hash').notNull(),
    rows: text('rows').notNull(),
    secret: text('secret'),
    createdAt: integer('created_at').notNull(),
    /** The ticket whose texts `rows` can hold. Null in records of earlier releases. */
    ticketId: text('ticket_id'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.callerId, t.keyHash] }),
    index('idempotency_records_by_age').on(t.createdAt),
    index('idempotency_records_by_ticket')
      .on(t.accountId, t.ticketId, t.callerId, t.keyHash)
      .where(sql`ticket_id IS NOT NULL`),
  ],
)

/** Always empty: a trigger aborts the batch that inserts a row, with the error of its rule. */
export const batchAssertions = sqliteTable('guards', { rule: text('rule').notNull() })

/** Work on rows of earlier releases that the sweep does in steps. A row is deleted when its work is done. */
export const backfills = sqliteTable('backfills', {
  name: text('name', { enum: ['erasures', 'search', 'tag_counters'] }).primaryKey(),
  /** Where the next step begins. */
  position: text('position').notNull(),
  /** When (ms) the first step ran. */
  startedAt: integer('started_at'),
})
