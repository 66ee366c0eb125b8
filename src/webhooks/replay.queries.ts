import { alias } from '../db/alias'
import { deliveries, events, replays, webhooks } from '../db/schema/webhooks'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { deleteFrom, insertSelect, update } from '../db/write'
import { EVENTS_PER_BATCH, insertDeliveries, isSubscribed, scheduleWebhooks } from './fan-out.queries'

const d = alias(deliveries, 'd')
const e = alias(events, 'e')
const r = alias(replays, 'r')
const w = alias(webhooks, 'w')
const excluded = alias(deliveries, 'excluded')

const REPLAY = selection({
  webhook_id: replays.webhookId,
  next_sequence: replays.nextSequence,
  last_sequence: replays.lastSequence,
  since: replays.since,
  until: replays.until,
  only_failed: replays.onlyFailed,
})

export type ReplayRow = RowOf<typeof REPLAY>

interface NewReplay {
  webhookId: string
  /** From this time (ms), inclusive. */
  since: number
  /** To this time (ms), exclusive. */
  until: number
  onlyFailed: boolean
}

/** The events of a replay, as a condition on the aliases `e` and `w`. */
function isInReplay(accountId: string, { webhookId, since, until, onlyFailed }: NewReplay): SQL {
  const failed = onlyFailed
    ? sql` AND NOT EXISTS (SELECT 1 FROM ${d} WHERE ${d.accountId} = ${e.accountId} AND ${d.webhookId} = ${w.id}
        AND ${d.sequence} = ${e.sequence} AND ${d.outcome} = 'succeeded')`
    : sql``
  return sql`${w.accountId} = ${accountId} AND ${w.id} = ${webhookId} AND ${w.deletedAt} IS NULL
    AND ${e.accountId} = ${w.accountId} AND ${e.createdAt} >= ${since} AND ${e.createdAt} < ${until}
    AND ${e.sequence} > ${w.sinceSequence} AND ${isSubscribed()}${failed}`
}

/** How many events a replay has, counted up to `limit`, and the sequences of the first and the last. */
export function measureReplay(accountId: string, replay: NewReplay, limit: number) {
  const { sequence } = events
  return select(
    {
      count: sql<number>`count(*)`,
      first: sql<number | null>`min(${sequence})`,
      last: sql<number | null>`max(${sequence})`,
    },
    sql`FROM (
      SELECT ${e.sequence} FROM ${w} CROSS JOIN ${e} ON ${e.accountId} = ${w.accountId}
      WHERE ${isInReplay(accountId, replay)} LIMIT ${limit})`,
  )
}

/** Fails with `unique` while another replay of the webhook is pending. */
export function insertReplay(accountId: string, replay: NewReplay, first: number, last: number) {
  return insertSelect(
    replays,
    {
      accountId: webhooks.accountId,
      webhookId: webhooks.id,
      nextSequence: first,
      lastSequence: last,
      since: replay.since,
      until: replay.until,
      onlyFailed: Number(replay.onlyFailed),
    },
    sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${replay.webhookId}
      AND ${webhooks.deletedAt} IS NULL AND ${webhooks.active} = 1`,
  )
}

/** A row with this count if the webhook is active, for the response of a replay. */
export function countIfActive(accountId: string, webhookId: string, count: number) {
  return select(
    { count: sql<number>`${count}` },
    sql`FROM ${webhooks}
      WHERE ${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${webhookId} AND ${webhooks.active} = 1`,
  )
}

/** The pending replays of an account. */
export function findReplays(accountId: string) {
  return select(REPLAY, sql`FROM ${replays} WHERE ${replays.accountId} = ${accountId}`)
}

/**
 * Inserts the deliveries of the next events of a replay, and restarts the schedule of those that exist. The batch also
 * moves the replay past those events, and deletes it at its end.
 */
export function expandReplay(accountId: string, row: ReplayRow, now: number) {
  const replay = {
    webhookId: row.webhook_id,
    since: row.since,
    until: row.until,
    onlyFailed: row.only_failed === 1,
  }
  const nextSequence = sql<number>`coalesce((
    SELECT ${events.sequence} FROM ${events}
    WHERE ${events.accountId} = ${accountId} AND ${events.sequence} >= ${row.next_sequence}
    ORDER BY ${events.sequence} LIMIT 1 OFFSET ${EVENTS_PER_BATCH}), ${row.last_sequence + 1})`
  const own = sql`${replays.accountId} = ${accountId} AND ${replays.webhookId} = ${row.webhook_id}`
  const { retryAt, scheduleAttempts, completedAt } = deliveries
  return [
    insertDeliveries(
      now,
      sql`FROM ${r}
        CROSS JOIN ${w} ON ${w.accountId} = ${r.accountId} AND ${w.id} = ${r.webhookId}
        CROSS JOIN ${e} ON ${e.accountId} = ${r.accountId}
          AND ${e.sequence} BETWEEN ${r.nextSequence} AND min(${r.lastSequence}, ${nextSequence} - 1)
        WHERE ${r.accountId} = ${accountId} AND ${r.webhookId} = ${row.webhook_id} AND ${r.nextSequence} = ${row.next_sequence}
          AND ${isInReplay(accountId, replay)}
        ON CONFLICT (${deliveries.accountId}, ${deliveries.webhookId}, ${deliveries.sequence})
          DO UPDATE SET ${retryAt} = ${excluded.retryAt}, ${scheduleAttempts} = 0, ${completedAt} = NULL`,
    ),
    scheduleWebhooks(accountId, now),
    update(replays, { nextSequence }, sql`${own} AND ${replays.nextSequence} = ${row.next_sequence}`),
    deleteFrom(replays, sql`${own} AND ${replays.nextSequence} > ${replays.lastSequence}`),
  ]
}
