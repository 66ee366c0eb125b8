import type { Column } from 'drizzle-orm'
import { alias, qualified } from '../db/alias'
import { byPlan } from '../db/by-plan'
import { accountCounters, accounts } from '../db/schema/accounts'
import { deliveries, replays, webhooks } from '../db/schema/webhooks'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { deleteFrom, insertSelect, omitUndefined, update } from '../db/write'

const a = alias(accounts, 'a')
const d = alias(deliveries, 'd')
const s = alias(accountCounters, 's')
/** For subqueries of a statement that updates webhooks. */
const updated = qualified(webhooks)

const WEBHOOK = selection({
  id: webhooks.id,
  url: webhooks.url,
  /** A JSON array. */
  events: webhooks.events,
  description: webhooks.description,
  include_internal: webhooks.includeInternal,
  active: webhooks.active,
  disabled_reason: webhooks.disabledReason,
  created_at: webhooks.createdAt,
  rotated_at: webhooks.rotatedAt,
})

export type WebhookRow = RowOf<typeof WEBHOOK>

/** Without a holder of the lease, nothing is sent until its end. */
const HELD_UNTIL = sql`CASE WHEN ${updated.leaseId} IS NULL THEN ${updated.leaseUntil} ELSE 0 END`

/** When the next delivery of the webhook that a statement updates may be sent (ms); null for none. */
export const NEXT_DUE_AT = sql<number | null>`max((SELECT min(${d.dueAt}) FROM ${d}
  WHERE ${d.accountId} = ${updated.accountId} AND ${d.webhookId} = ${updated.id} AND ${d.dueAt} IS NOT NULL), ${HELD_UNTIL})`

const MAX_WEBHOOKS = { standard: 10, premium: 50 }
const WEBHOOK_LIMIT = byPlan(a.plan, MAX_WEBHOOKS)

interface NewWebhook {
  id: string
  url: string
  events: readonly string[]
  description: string | null
  includeInternal: boolean
  /** Encrypted. */
  secret: string
}

function isUndeleted(accountId: string, id: string): SQL {
  return sql`${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${id} AND ${webhooks.deletedAt} IS NULL`
}

/**
 * Inserts a webhook that receives later events, unless the account has reached the limit of its plan. Fails with `unique`
 * if another webhook has the same URL.
 */
export function insertWebhook(accountId: string, webhook: NewWebhook, now: number) {
  return insertSelect(
    webhooks,
    {
      accountId,
      id: webhook.id,
      url: webhook.url,
      events: JSON.stringify(webhook.events),
      description: webhook.description,
      includeInternal: Number(webhook.includeInternal),
      active: 1,
      secret: webhook.secret,
      createdAt: now,
      sinceSequence: s.eventSequence,
      fannedOutSequence: s.eventSequence,
    },
    sql`FROM ${s} JOIN ${a} ON ${a.id} = ${s.accountId}
      WHERE ${s.accountId} = ${accountId}
        AND (SELECT count(*) FROM ${webhooks} WHERE ${webhooks.accountId} = ${accountId} AND ${webhooks.deletedAt} IS NULL)
          < ${WEBHOOK_LIMIT}`,
  )
}

/** A page of the account's webhooks, newest first. */
export function findWebhooks(accountId: string, limit: number, offset: number) {
  return select(
    WEBHOOK,
    sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${accountId} AND ${webhooks.deletedAt} IS NULL
      ORDER BY ${webhooks.id} DESC LIMIT ${limit} OFFSET ${offset}`,
  )
}

export function countWebhooks(accountId: string) {
  return select(
    { total: sql<number>`count(*)` },
    sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${accountId} AND ${webhooks.deletedAt} IS NULL`,
  )
}

export function findWebhook(accountId: string, id: string) {
  return select(WEBHOOK, sql`FROM ${webhooks} WHERE ${isUndeleted(accountId, id)}`)
}

interface WebhookChange {
  url?: string | undefined
  events?: readonly string[] | undefined
  description?: string | null | undefined
  includeInternal?: boolean | undefined
  active?: boolean | undefined
}

/**
 * Activating a webhook clears its failures; deactivating it keeps its deliveries. Fails with `unique` if another webhook
 * has the same URL.
 */
export function updateWebhookStatement(accountId: string, id: string, change: WebhookChange) {
  const { url, events, description, includeInternal, active } = change
  return update(
    webhooks,
    {
      ...omitUndefined({
        url,
        events: events && JSON.stringify(events),
        description,
        includeInternal: includeInternal === undefined ? undefined : Number(includeInternal),
      }),
      ...(url !== undefined && {
        isSlow: 0,
        failingSince: unlessUrlChanges(webhooks.failingSince, url),
        confirmedAt: unlessUrlChanges(webhooks.confirmedAt, url),
      }),
      ...(active === true && { active: 1, disabledReason: null, failingSince: null, isSlow: 0, nextAt: NEXT_DUE_AT }),
      ...(active === false && { active: 0, disabledReason: null, nextAt: null }),
    },
    isUndeleted(accountId, id),
  )
}

/** What is known of one endpoint does not apply to another. */
function unlessUrlChanges(column: Column, url: string): SQL<number | null> {
  return sql`CASE WHEN ${webhooks.url} = ${url} THEN ${column} END`
}

/** Nothing is sent any more. The sweep deletes the rows. */
export function deleteWebhookStatements(accountId: string, id: string, now: number) {
  return [
    update(webhooks, { active: 0, deletedAt: now, nextAt: null }, isUndeleted(accountId, id)),
    deleteFrom(replays, sql`${replays.accountId} = ${accountId} AND ${replays.webhookId} = ${id}`),
  ]
}

/** A webhook that was deleted at a time (ms). */
export function findDeleted(accountId: string, id: string, deletedAt: number) {
  return select(
    { id: webhooks.id },
    sql`FROM ${webhooks}
      WHERE ${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${id} AND ${webhooks.deletedAt} = ${deletedAt}`,
  )
}

/** `secret` is encrypted. The previous secret also signs until `previousUntil` (ms). */
export function rotateSecretStatement(
  accountId: string,
  id: string,
  secret: string,
  previousUntil: number,
  now: number,
) {
  return update(
    webhooks,
    { previousSecret: webhooks.secret, previousUntil, secret, rotatedAt: now },
    isUndeleted(accountId, id),
  )
}
