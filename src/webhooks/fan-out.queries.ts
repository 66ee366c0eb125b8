import { type SQL, sql } from 'drizzle-orm'
import { returning } from '../db/legacy'
import { run, select } from '../db/statement'
import { nextDueAt } from './queries'

/** How many events become deliveries in one batch. */
const EVENTS_A_BATCH = 100

/** A new ID of a delivery, a ULID like all: the time of its event, and 64 random bits. */
const NEW_DELIVERY_ID = sql`'dlv_' || substr(e.id, 5, 10) || lower(hex(randomblob(8)))`

/** Whether the webhook `w` wants the event `e`, as far as the kind of the event goes. */
function isSubscribed(): SQL {
  return sql`e.type <> 'webhook.test' AND (w.include_internal = 1 OR e.is_internal = 0)
    AND EXISTS (SELECT 1 FROM json_each(w.events) WHERE value IN ('*', e.type))`
}

/**
 * Makes deliveries of the account's next events for the webhooks that are active and older, and moves the account's mark
 * on. Doing it again, or twice at once, makes nothing twice.
 */
export function fanOutEvents(accountId: string, now: number) {
  // By what is there: after a restore, sequences go on a long way behind the last event.
  const endOfBatch = sql`coalesce((
    SELECT sequence FROM events WHERE account_id = ${accountId} AND sequence > s.fanned_out_sequence
    ORDER BY sequence LIMIT 1 OFFSET ${EVENTS_A_BATCH - 1}), s.event_sequence)`
  return [
    run(sql`
      INSERT INTO deliveries (account_id, webhook_id, sequence, id, event_id, event, created_at, retry_at)
      SELECT e.account_id, w.id, e.sequence, ${NEW_DELIVERY_ID}, e.id, e.type, ${now}, ${now}
      FROM account_state s
      CROSS JOIN events e ON e.account_id = s.account_id AND e.sequence > s.fanned_out_sequence
        AND e.sequence <= ${endOfBatch}
      CROSS JOIN webhooks w ON w.account_id = s.account_id AND w.active = 1 AND w.heard_sequence < e.sequence
      WHERE s.account_id = ${accountId} AND ${isSubscribed()}
      ON CONFLICT DO NOTHING`),
    scheduleWebhooks(accountId, now),
    run(sql`
      UPDATE account_state AS s SET fanned_out_sequence = ${endOfBatch}
      WHERE account_id = ${accountId} AND event_sequence > fanned_out_sequence`),
  ]
}

/**
 * Makes the deliveries of one webhook of all that has happened so far, by its settings as they are, so that another
 * change of the batch holds for what happens from now on.
 */
export function fanOutToWebhook(accountId: string, webhookId: string, now: number) {
  return [
    run(sql`
      INSERT INTO deliveries (account_id, webhook_id, sequence, id, event_id, event, created_at, retry_at)
      SELECT e.account_id, w.id, e.sequence, ${NEW_DELIVERY_ID}, e.id, e.type, ${now}, ${now}
      FROM webhooks w
      CROSS JOIN account_state s ON s.account_id = w.account_id
      CROSS JOIN events e ON e.account_id = w.account_id AND e.sequence > max(s.fanned_out_sequence, w.heard_sequence)
      WHERE w.account_id = ${accountId} AND w.id = ${webhookId} AND w.active = 1 AND ${isSubscribed()}
      ON CONFLICT DO NOTHING`),
    run(sql`
      UPDATE webhooks SET heard_sequence = (SELECT event_sequence FROM account_state WHERE account_id = ${accountId})
      WHERE account_id = ${accountId} AND id = ${webhookId}`),
    scheduleWebhooks(accountId, now),
  ]
}

/**
 * Lets the sender know of due deliveries of the account's webhooks. One that waits for its turn already keeps its place
 * in the line.
 */
export function scheduleWebhooks(accountId: string, now: number) {
  const due = sql`max(${nextDueAt()}, ${now})`
  return run(sql`
    UPDATE webhooks SET next_at = ${due}
    WHERE account_id = ${accountId} AND active = 1 AND ${due} IS NOT NULL AND (next_at IS NULL OR next_at > ${due})`)
}

/** Whether the account has events that are not fanned out. */
export function hasPendingEvents(accountId: string) {
  return select<{ events: number }>(sql`
    SELECT event_sequence > fanned_out_sequence AS events FROM account_state WHERE account_id = ${accountId}`)
}

/** The accounts after one (by ID) that have such work. The sweep's own question, which no caller can ask. */
export function findAccountsWithPendingEvents(after: string, limit: number) {
  return select<{ account_id: string }>(sql`
    SELECT account_id FROM (
      SELECT account_id FROM (
        SELECT account_id FROM account_state
        WHERE event_sequence > fanned_out_sequence AND account_id > ${after} AND listeners > 0
        ORDER BY account_id LIMIT ${limit})
      UNION
      SELECT account_id FROM (SELECT DISTINCT account_id FROM replays WHERE account_id > ${after} ORDER BY account_id LIMIT ${limit}))
    ORDER BY account_id LIMIT ${limit}`)
}

interface NewReplay {
  webhookId: string
  /** From and to which time (ms), the end not included. */
  since: number
  until: number
  onlyFailed: boolean
}

/** The events that a replay is of, as a condition on `e` and `w`: those the webhook wants, since it is there. */
function replayed(accountId: string, { webhookId, since, until, onlyFailed }: NewReplay): SQL {
  const failed = onlyFailed
    ? sql` AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.account_id = e.account_id AND d.webhook_id = w.id
        AND d.sequence = e.sequence AND d.outcome = 'succeeded')`
    : sql``
  return sql`w.account_id = ${accountId} AND w.id = ${webhookId} AND w.deleted_at IS NULL
    AND e.account_id = w.account_id AND e.created_at >= ${since} AND e.created_at < ${until}
    AND e.sequence > w.since_sequence AND ${isSubscribed()}${failed}`
}

/** How many events a replay would be of, counted no further than `limit`, and the first and the last of them. */
export function measureReplay(accountId: string, replay: NewReplay, limit: number) {
  return select<{ count: number; first: number | null; last: number | null }>(sql`
    SELECT count(*) AS count, min(sequence) AS first, max(sequence) AS last FROM (
      SELECT e.sequence FROM webhooks w CROSS JOIN events e ON e.account_id = w.account_id
      WHERE ${replayed(accountId, replay)} LIMIT ${limit})`)
}

/** Notes a replay that is to be expanded. Fails with `unique` while the webhook has another. */
export function insertReplay(accountId: string, replay: NewReplay, first: number, last: number) {
  return run(sql`
    INSERT INTO replays (account_id, webhook_id, next_sequence, last_sequence, since, until, only_failed)
    SELECT account_id, id, ${first}, ${last}, ${replay.since}, ${replay.until}, ${replay.onlyFailed ? 1 : 0}
    FROM webhooks WHERE account_id = ${accountId} AND id = ${replay.webhookId} AND deleted_at IS NULL AND active = 1`)
}

/** A number that is answered if the webhook is active. */
export function countOf(accountId: string, webhookId: string, count: number) {
  return returning(
    select<{ count: number }>(sql`
      SELECT ${count} AS count FROM webhooks WHERE account_id = ${accountId} AND id = ${webhookId} AND active = 1`),
    ['count'],
  )
}

export interface ReplayRow {
  webhook_id: string
  next_sequence: number
  last_sequence: number
  since: number
  until: number
  only_failed: number
}

/** The replays of an account that are not wholly expanded. */
export function findReplays(accountId: string) {
  return select<ReplayRow>(sql`
    SELECT webhook_id, next_sequence, last_sequence, since, until, only_failed FROM replays
    WHERE account_id = ${accountId}`)
}

/**
 * Expands the next events of a replay: what was never delivered gets a delivery, what was is due again from the
 * beginning of its schedule. The mark moves on in the same batch, and the replay goes with its end.
 */
export function expandReplay(accountId: string, row: ReplayRow, now: number) {
  const replay = {
    webhookId: row.webhook_id,
    since: row.since,
    until: row.until,
    onlyFailed: row.only_failed === 1,
  }
  const through = sql`coalesce((
    SELECT sequence FROM events WHERE account_id = ${accountId} AND sequence >= ${row.next_sequence}
    ORDER BY sequence LIMIT 1 OFFSET ${EVENTS_A_BATCH}), ${row.last_sequence + 1})`
  const own = sql`account_id = ${accountId} AND webhook_id = ${row.webhook_id}`
  return [
    run(sql`
      INSERT INTO deliveries (account_id, webhook_id, sequence, id, event_id, event, created_at, retry_at)
      SELECT e.account_id, w.id, e.sequence, ${NEW_DELIVERY_ID}, e.id, e.type, ${now}, ${now}
      FROM replays r
      CROSS JOIN webhooks w ON w.account_id = r.account_id AND w.id = r.webhook_id
      CROSS JOIN events e ON e.account_id = r.account_id
        AND e.sequence BETWEEN r.next_sequence AND min(r.last_sequence, ${through} - 1)
      WHERE r.account_id = ${accountId} AND r.webhook_id = ${row.webhook_id} AND r.next_sequence = ${row.next_sequence}
        AND ${replayed(accountId, replay)}
      ON CONFLICT (account_id, webhook_id, sequence)
        DO UPDATE SET retry_at = excluded.retry_at, tries = 0, settled_at = NULL`),
    scheduleWebhooks(accountId, now),
    run(sql`
      UPDATE replays SET next_sequence = ${through} WHERE ${own} AND next_sequence = ${row.next_sequence}`),
    run(sql`DELETE FROM replays WHERE ${own} AND next_sequence > last_sequence`),
  ]
}
