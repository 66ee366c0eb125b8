import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * The outbox: an event is written in the batch of the change it tells of. `data` is the image of the rows as they
 * were, rendered when it is sent or read.
 */
export const events = sqliteTable(
  'events',
  {
    rowId: integer('seq').primaryKey(),
    accountId: text('account_id').notNull(),
    sequence: integer('sequence').notNull(),
    id: text('id').notNull(),
    type: text('type').notNull(),
    ticketId: text('ticket_id'),
    isInternal: integer('is_internal').notNull(),
    data: text('data').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('events_by_sequence').on(t.accountId, t.sequence),
    index('events_by_ticket').on(t.accountId, t.ticketId, t.sequence).where(sql`ticket_id IS NOT NULL`),
    index('events_by_time').on(t.accountId, t.createdAt),
  ],
)

/**
 * Who is told of events. Secrets are ciphertexts that name their key. The second half is the sender's: `next_at` is when
 * the next delivery is due, and nobody but the holder of the lease sends until it ends.
 */
export const webhooks = sqliteTable(
  'webhooks',
  {
    accountId: text('account_id').notNull(),
    id: text('id').notNull(),
    url: text('url').notNull(),
    /** A JSON array of event types, or `["*"]`. */
    events: text('events').notNull(),
    description: text('description'),
    includeInternal: integer('include_internal').notNull(),
    active: integer('active').notNull(),
    disabledReason: text('disabled_reason', { enum: ['gone', 'failing'] }),
    secret: text('secret').notNull(),
    previousSecret: text('previous_secret'),
    previousUntil: integer('previous_until'),
    rotatedAt: integer('rotated_at'),
    createdAt: integer('created_at').notNull(),
    /** Events up to this sequence are older than the webhook. */
    sinceSequence: integer('since_sequence').notNull(),
    /** Events up to this sequence have their deliveries, by the settings of their time; or it was off. */
    fannedOutSequence: integer('heard_sequence').notNull().default(0),
    /** Set on deletion; the row goes when the sweep has taken its deliveries away. */
    deletedAt: integer('deleted_at'),
    nextAt: integer('next_at'),
    leaseId: text('lease_id'),
    leaseUntil: integer('lease_until').notNull().default(0),
    /** How many deliveries the holder of the lease may send. */
    leaseBatchSize: integer('turn_size').notNull().default(0),
    /** Whether the last attempt timed out. */
    isSlow: integer('slow').notNull().default(0),
    /** The first failure since the last success. */
    failingSince: integer('failing_since'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.id] }),
    uniqueIndex('webhooks_by_url').on(t.accountId, t.url).where(sql`deleted_at IS NULL`),
    index('webhooks_due').on(t.nextAt).where(sql`next_at IS NOT NULL`),
    index('webhooks_deleted').on(t.deletedAt).where(sql`deleted_at IS NOT NULL`),
  ],
)

/**
 * An event on its way to a webhook. A scheduled attempt is due at `retry_at`; `manual` counts the attempts that were
 * asked for since `manual_at` and come first. `outcome` is how it ended the last time nothing was due.
 */
export const deliveries = sqliteTable(
  'deliveries',
  {
    accountId: text('account_id').notNull(),
    webhookId: text('webhook_id').notNull(),
    /** The event's. */
    sequence: integer('sequence').notNull(),
    id: text('id').notNull(),
    eventId: text('event_id').notNull(),
    event: text('event').notNull(),
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** How many of the attempts were of the schedule that is being followed. */
    scheduleAttempts: integer('tries').notNull().default(0),
    retryAt: integer('retry_at'),
    manualRequests: integer('manual').notNull().default(0),
    manualRequestedAt: integer('manual_at'),
    outcome: text('outcome', { enum: ['succeeded', 'failed'] }),
    completedAt: integer('settled_at'),
    lastError: text('last_error'),
    dueAt: integer('due_at').generatedAlwaysAs(sql`(CASE WHEN manual > 0 THEN manual_at ELSE retry_at END)`, {
      mode: 'virtual',
    }),
    status: text('status').generatedAlwaysAs(
      sql`(CASE WHEN manual > 0 OR retry_at IS NOT NULL THEN 'pending' ELSE coalesce(outcome, 'failed') END)`,
      { mode: 'virtual' },
    ),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.webhookId, t.sequence] }),
    uniqueIndex('deliveries_by_id').on(t.accountId, t.id),
    index('deliveries_by_status').on(t.accountId, t.webhookId, t.status, t.sequence),
    index('deliveries_due').on(t.accountId, t.webhookId, t.dueAt).where(sql`due_at IS NOT NULL`),
    index('deliveries_settled').on(t.completedAt).where(sql`settled_at IS NOT NULL`),
  ],
)

/** One row for each request that was made for a delivery, and what came of it. */
export const deliveryAttempts = sqliteTable(
  'delivery_attempts',
  {
    accountId: text('account_id').notNull(),
    deliveryId: text('delivery_id').notNull(),
    number: integer('number').notNull(),
    at: integer('at').notNull(),
    trigger: text('trigger', { enum: ['scheduled', 'manual'] }).notNull(),
    statusCode: integer('status_code'),
    durationMs: integer('duration_ms').notNull(),
    error: text('error'),
    response: text('response'),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.deliveryId, t.number] })],
)

/** Events that are to be sent once more, expanded into deliveries a few at a time. */
export const replays = sqliteTable(
  'replays',
  {
    accountId: text('account_id').notNull(),
    webhookId: text('webhook_id').notNull(),
    nextSequence: integer('next_sequence').notNull(),
    lastSequence: integer('last_sequence').notNull(),
    since: integer('since').notNull(),
    until: integer('until').notNull(),
    onlyFailed: integer('only_failed').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.webhookId] })],
)
