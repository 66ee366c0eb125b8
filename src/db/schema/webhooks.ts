import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * The outbox: an event is inserted in the batch of the change that it describes. `data` is a snapshot of the rows, which is
 * presented when the event is sent or read.
 */
export const events = sqliteTable(
  'events',
  {
    rowId: integer('seq').primaryKey(),
    accountId: text('account_id').notNull(),
    sequence: integer('sequence').notNull(),
    id: text('id').notNull(),
    /** `webhook.test` is emitted on request, to one webhook. */
    type: text('type', {
      enum: [
        'ticket.created',
        'ticket.updated',
        'ticket.status_changed',
        'ticket.deleted',
        'comment.created',
        'user.created',
        'webhook.test',
      ],
    }).notNull(),
    ticketId: text('ticket_id'),
    isInternal: integer('is_internal').notNull(),
    data: text('data').notNull(),
    createdAt: integer('created_at').notNull(),
    /** The comment whose texts `data` holds. Null in events of earlier releases. */
    commentId: text('comment_id'),
  },
  (t) => [
    uniqueIndex('events_by_sequence').on(t.accountId, t.sequence),
    index('events_by_ticket').on(t.accountId, t.ticketId, t.sequence).where(sql`ticket_id IS NOT NULL`),
    index('events_by_time').on(t.accountId, t.createdAt),
  ],
)

/**
 * Secrets are encrypted, with the name of the key. `next_at` is when the next delivery is due. Only the holder of the lease
 * sends deliveries until `lease_until`.
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
    /** The last event before the webhook was created. */
    sinceSequence: integer('since_sequence').notNull(),
    /** Events up to this sequence have their deliveries, or were skipped because the webhook was not active. */
    fannedOutSequence: integer('heard_sequence').notNull().default(0),
    /** The sweep deletes the row after its deliveries. */
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
 * A scheduled attempt is due at `retry_at`. `manual` counts the attempts that were requested since `manual_at`; they come
 * first. `outcome` is the result when nothing was due any more.
 */
export const deliveries = sqliteTable(
  'deliveries',
  {
    accountId: text('account_id').notNull(),
    webhookId: text('webhook_id').notNull(),
    /** Of the event. */
    sequence: integer('sequence').notNull(),
    id: text('id').notNull(),
    eventId: text('event_id').notNull(),
    event: text('event').notNull(),
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** How many of the attempts belong to the current retry schedule. */
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

/** Ranges of events to send again, expanded into deliveries in batches. */
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
