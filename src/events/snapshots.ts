import type { CommentEvent } from '../comments/service'
import type { WebhookTestSnapshot } from '../db/outbox'
import type { TicketEvent } from '../tickets/service'
import type { UserEvent } from '../users/service'
import type { EventRow } from './queries'

/** An event as the batch of a change stores it. */
export type StoredEvent =
  | TicketEvent
  | CommentEvent
  | UserEvent
  | { type: 'webhook.test'; snapshot: WebhookTestSnapshot }

/** `redacted`: the texts were replaced, because their ticket or comment was deleted. */
type ShownEvent = StoredEvent & { redacted: boolean }

/** Not validated: the SQL of `insertEvent` calls decides what it holds, and their types say it. */
export function parseSnapshot({ type, data }: EventRow): ShownEvent {
  const snapshot = JSON.parse(data)
  const event: Pick<ShownEvent, 'type' | 'snapshot' | 'redacted'> = {
    type,
    snapshot,
    redacted: snapshot.redacted === true,
  }
  return event as ShownEvent
}
