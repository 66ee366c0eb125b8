import { type SQL, sql } from 'drizzle-orm'
import { returning } from '../db/legacy'
import { run, select } from '../db/statement'

export interface WebhookRow {
  id: string
  url: string
  /** A JSON array. */
  events: string
  description: string | null
  include_internal: number
  active: number
  disabled_reason: 'gone' | 'failing' | null
  created_at: number
  rotated_at: number | null
}

const COLUMNS = sql`id, url, events, description, include_internal, active, disabled_reason, created_at, rotated_at`
const LIVE_WEBHOOKS = { standard: 10, premium: 50 }

interface NewWebhook {
  id: string
  url: string
  events: readonly string[]
  description: string | null
  includeInternal: boolean
  /** As a ciphertext. */
  secret: string
}

function isLive(accountId: string, id: string): SQL {
  return sql`account_id = ${accountId} AND id = ${id} AND deleted_at IS NULL`
}

/**
 * Adds a webhook that is told of what happens from now on, unless the account has all that its plan allows. Fails with
 * `unique` when there is one with the same URL.
 */
export function insertWebhook(accountId: string, webhook: NewWebhook, now: number) {
  const { id, url, events, description, includeInternal, secret } = webhook
  return run(sql`
    INSERT INTO webhooks (account_id, id, url, events, description, include_internal, active, secret, created_at, since_sequence,
      heard_sequence)
    SELECT ${accountId}, ${id}, ${url}, ${JSON.stringify(events)}, ${description}, ${includeInternal ? 1 : 0}, 1, ${secret},
      ${now}, s.event_sequence, s.event_sequence
    FROM account_state s JOIN accounts a ON a.id = s.account_id
    WHERE s.account_id = ${accountId}
      AND (SELECT count(*) FROM webhooks WHERE account_id = ${accountId} AND deleted_at IS NULL)
        < CASE a.plan WHEN 'premium' THEN ${LIVE_WEBHOOKS.premium} ELSE ${LIVE_WEBHOOKS.standard} END`)
}

/** A slice of the webhooks of an account, newest first. */
export function findWebhooks(accountId: string, limit: number, offset: number) {
  return select<WebhookRow>(sql`
    SELECT ${COLUMNS} FROM webhooks WHERE account_id = ${accountId} AND deleted_at IS NULL
    ORDER BY id DESC LIMIT ${limit} OFFSET ${offset}`)
}

/** How many webhooks an account has. */
export function countWebhooks(accountId: string) {
  return select<{ total: number }>(
    sql`SELECT count(*) AS total FROM webhooks WHERE account_id = ${accountId} AND deleted_at IS NULL`,
  )
}

/** One webhook of an account. */
export function findWebhook(accountId: string, id: string) {
  return returning(select<WebhookRow>(sql`SELECT ${COLUMNS} FROM webhooks WHERE ${isLive(accountId, id)}`), [
    'id',
    'url',
    'events',
    'description',
    'include_internal',
    'active',
    'disabled_reason',
    'created_at',
    'rotated_at',
  ])
}

export interface WebhookChange {
  url?: string | undefined
  events?: readonly string[] | undefined
  description?: string | null | undefined
  includeInternal?: boolean | undefined
  active?: boolean | undefined
}

/**
 * Changes a webhook. Being activated forgives its failures; being deactivated leaves its deliveries where they are.
 * Fails with `unique` when another has the same URL.
 */
export function updateWebhookStatement(accountId: string, id: string, change: WebhookChange) {
  const { url, events, description, includeInternal, active } = change
  const assignments: SQL[] = []
  if (url !== undefined) assignments.push(sql`url = ${url}, slow = 0`)
  if (events !== undefined) assignments.push(sql`events = ${JSON.stringify(events)}`)
  if (description !== undefined) assignments.push(sql`description = ${description}`)
  if (includeInternal !== undefined) assignments.push(sql`include_internal = ${includeInternal ? 1 : 0}`)
  if (active === true)
    assignments.push(sql`active = 1, disabled_reason = NULL, failing_since = NULL, slow = 0, next_at = ${nextDueAt()}`)
  if (active === false) assignments.push(sql`active = 0, disabled_reason = NULL, next_at = NULL`)
  return run(sql`UPDATE webhooks SET ${sql.join(assignments, sql`, `)} WHERE ${isLive(accountId, id)}`)
}

/** When the next delivery of the webhook at hand is due; null where none is. */
export function nextDueAt(): SQL {
  return sql`(SELECT min(d.due_at) FROM deliveries d
    WHERE d.account_id = webhooks.account_id AND d.webhook_id = webhooks.id AND d.due_at IS NOT NULL)`
}

/** Ends a webhook: nothing more is sent. The sweep takes away what belonged to it. */
export function deleteWebhookStatement(accountId: string, id: string, now: number) {
  return [
    run(sql`UPDATE webhooks SET active = 0, deleted_at = ${now}, next_at = NULL WHERE ${isLive(accountId, id)}`),
    run(sql`DELETE FROM replays WHERE account_id = ${accountId} AND webhook_id = ${id}`),
  ]
}

/** A webhook that was ended at a time (ms). */
export function findDeleted(accountId: string, id: string, now: number) {
  return returning(
    select<{ id: string }>(sql`
      SELECT id FROM webhooks WHERE account_id = ${accountId} AND id = ${id} AND deleted_at = ${now}`),
    ['id'],
  )
}

/** Gives a webhook a new secret (a ciphertext); the old one signs too until `previousUntil` (ms). */
export function rotateSecretStatement(
  accountId: string,
  id: string,
  secret: string,
  previousUntil: number,
  now: number,
) {
  return run(sql`
    UPDATE webhooks SET previous_secret = secret, previous_until = ${previousUntil}, secret = ${secret}, rotated_at = ${now}
    WHERE ${isLive(accountId, id)}`)
}
