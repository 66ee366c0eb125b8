import { sql } from 'drizzle-orm'
import { foreignKey, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { users } from './accounts.ts'

export const tickets = sqliteTable(
  'tickets',
  {
    rowId: integer('seq').primaryKey(),
    accountId: text('account_id').notNull(),
    id: text('id').notNull(),
    number: integer('number').notNull(),
    version: integer('version').notNull(),
    title: text('title').notNull(),
    description: text('description').notNull(),
    status: text('status', { enum: ['open', 'in_progress', 'resolved', 'closed'] }).notNull(),
    priority: text('priority', { enum: ['low', 'medium', 'high', 'critical'] }).notNull(),
    priorityRank: integer('priority_rank').generatedAlwaysAs(
      sql`(CASE priority WHEN 'low' THEN 0 WHEN 'medium' THEN 1 WHEN 'high' THEN 2 ELSE 3 END)`,
      { mode: 'virtual' },
    ),
    createdBy: text('created_by').notNull(),
    assignedTo: text('assigned_to'),
    tags: text('tags').notNull(),
    customFields: text('custom_fields').notNull(),
    publicComments: integer('public_comments').notNull().default(0),
    internalComments: integer('internal_comments').notNull().default(0),
    publicAttachments: integer('public_attachments').notNull().default(0),
    internalAttachments: integer('internal_attachments').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** What the search index has of the ticket (`search-table.ts`). Null until the index has it. */
    searchId: integer('search_id'),
    titleTokens: text('title_tokens'),
    descriptionTokens: text('description_tokens'),
  },
  (t) => [
    uniqueIndex('tickets_by_search_id').on(t.searchId),
    uniqueIndex('tickets_by_id').on(t.accountId, t.id),
    uniqueIndex('tickets_by_number').on(t.accountId, t.number),
    // Each ends in a sort order, so that a page of any status and priority reads no other rows.
    index('tickets_by_created').on(t.accountId, t.createdAt, t.number),
    index('tickets_by_updated').on(t.accountId, t.updatedAt, t.number),
    index('tickets_by_status_created').on(t.accountId, t.status, t.priorityRank, t.createdAt, t.number),
    index('tickets_by_status_updated').on(t.accountId, t.status, t.priorityRank, t.updatedAt, t.number),
    index('tickets_by_assignee_created').on(t.accountId, t.assignedTo, t.status, t.priorityRank, t.createdAt, t.number),
    index('tickets_by_assignee_updated').on(t.accountId, t.assignedTo, t.status, t.priorityRank, t.updatedAt, t.number),
    index('tickets_by_creator_created').on(t.accountId, t.createdBy, t.status, t.priorityRank, t.createdAt, t.number),
    index('tickets_by_creator_updated').on(t.accountId, t.createdBy, t.status, t.priorityRank, t.updatedAt, t.number),
    foreignKey({ columns: [t.accountId, t.createdBy], foreignColumns: [users.accountId, users.id] }),
  ],
)

/** Maintained by triggers: one row for each tag of each ticket, by status and priority and then by creation. */
export const ticketTags = sqliteTable(
  'ticket_tags',
  {
    accountId: text('account_id').notNull(),
    tag: text('tag').notNull(),
    status: text('status').notNull(),
    priorityRank: integer('priority_rank').notNull(),
    createdAt: integer('created_at').notNull(),
    number: integer('number').notNull(),
    rowId: integer('seq').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.tag, t.status, t.priorityRank, t.createdAt, t.number, t.rowId] })],
)

/** As `ticket_tags`, by the last change. A separate table, because most changes write to this one only. */
export const ticketTagsUpdated = sqliteTable(
  'ticket_tags_updated',
  {
    accountId: text('account_id').notNull(),
    tag: text('tag').notNull(),
    status: text('status').notNull(),
    priorityRank: integer('priority_rank').notNull(),
    updatedAt: integer('updated_at').notNull(),
    number: integer('number').notNull(),
    rowId: integer('seq').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.tag, t.status, t.priorityRank, t.updatedAt, t.number, t.rowId] })],
)

/**
 * Maintained by triggers: how many tickets of an account have a status and a priority. `value` is '' for `all`, an ID or ''
 * (unassigned) for `assignee`, an ID for `creator`, and the tag for `tag`.
 */
export const ticketCounters = sqliteTable(
  'ticket_counters',
  {
    accountId: text('account_id').notNull(),
    dimension: text('dimension', { enum: ['all', 'assignee', 'creator', 'tag'] }).notNull(),
    value: text('value').notNull(),
    status: text('status').notNull(),
    priority: text('priority').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.dimension, t.value, t.status, t.priority] })],
)

/** Maintained by triggers: how many tickets of a creator each assignee (an ID, or '' for none) has. */
export const creatorCounters = sqliteTable(
  'creator_counters',
  {
    accountId: text('account_id').notNull(),
    createdBy: text('created_by').notNull(),
    assignedTo: text('assigned_to').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.createdBy, t.assignedTo] })],
)

/** One row for each field that a change altered. `previous` and `current` are JSON. */
export const ticketHistory = sqliteTable(
  'ticket_history',
  {
    rowId: integer('seq').primaryKey(),
    accountId: text('account_id').notNull(),
    ticketId: text('ticket_id').notNull(),
    changeId: text('change_id').notNull(),
    actorId: text('actor_id').notNull(),
    field: text('field').notNull(),
    previous: text('previous').notNull(),
    current: text('current').notNull(),
    createdAt: integer('created_at').notNull(),
    /** The comment whose texts the values hold. */
    commentId: text('comment_id'),
  },
  (t) => [
    index('ticket_history_by_ticket').on(t.accountId, t.ticketId),
    index('ticket_history_by_change').on(t.accountId, t.changeId),
    index('ticket_history_by_comment').on(t.accountId, t.commentId).where(sql`comment_id IS NOT NULL`),
  ],
)

export const comments = sqliteTable(
  'comments',
  {
    rowId: integer('seq').primaryKey(),
    accountId: text('account_id').notNull(),
    id: text('id').notNull(),
    ticketId: text('ticket_id').notNull(),
    createdBy: text('created_by').notNull(),
    content: text('content').notNull(),
    isInternal: integer('is_internal').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('comments_by_id').on(t.accountId, t.id),
    index('comments_by_ticket').on(t.accountId, t.ticketId),
    index('comments_public_by_ticket').on(t.accountId, t.ticketId).where(sql`is_internal = 0`),
    foreignKey({ columns: [t.accountId, t.ticketId], foreignColumns: [tickets.accountId, tickets.id] }),
  ],
)

export const attachments = sqliteTable(
  'attachments',
  {
    rowId: integer('seq').primaryKey(),
    accountId: text('account_id').notNull(),
    id: text('id').notNull(),
    ticketId: text('ticket_id').notNull(),
    commentId: text('comment_id'),
    isInternal: integer('is_internal').notNull(),
    filename: text('filename').notNull(),
    size: integer('size').notNull(),
    mimeType: text('mime_type').notNull(),
    sha256: text('sha256').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('attachments_by_id').on(t.accountId, t.id),
    index('attachments_by_ticket').on(t.accountId, t.ticketId),
    index('attachments_public_by_ticket').on(t.accountId, t.ticketId).where(sql`is_internal = 0`),
    index('attachments_by_comment').on(t.accountId, t.commentId).where(sql`comment_id IS NOT NULL`),
    foreignKey({ columns: [t.accountId, t.ticketId], foreignColumns: [tickets.accountId, tickets.id] }),
  ],
)

/**
 * The intent log of stored objects. `upload` is inserted before the bytes are stored, and deleted in the batch that inserts the
 * attachment. `delete` is inserted in the batch that deletes the attachment, and deleted after its object.
 */
export const objectIntents = sqliteTable(
  'object_intents',
  {
    accountId: text('account_id').notNull(),
    id: text('id').notNull(),
    kind: text('kind', { enum: ['upload', 'delete'] }).notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.id] }), index('object_intents_by_age').on(t.createdAt)],
)

/**
 * Deleted tickets and comments whose texts the sweep has still to remove from events, history, idempotency records and delivery
 * attempts. Until then, every read of those replaces the texts.
 */
export const erasures = sqliteTable(
  'erasures',
  {
    accountId: text('account_id').notNull(),
    ticketId: text('ticket_id').notNull(),
    /** '' for the ticket as a whole. */
    commentId: text('comment_id').notNull(),
    createdAt: integer('created_at').notNull(),
    /** When (ms) the sweep continues. */
    dueAt: integer('due_at').notNull(),
    /** Events of the ticket up to this sequence are done. */
    eventSequence: integer('event_sequence').notNull().default(0),
    /** Idempotency records of the ticket up to this one are done. */
    recordCaller: text('record_caller').notNull().default(''),
    recordKey: text('record_key').notNull().default(''),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.ticketId, t.commentId] }), index('erasures_due').on(t.dueAt)],
)
