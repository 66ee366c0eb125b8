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

/** Not validated: the SQL of `insertEvent` calls decides what it holds, and their types say it. */
export function parseSnapshot({ type, data }: EventRow): StoredEvent {
  const event: Pick<StoredEvent, 'type' | 'snapshot'> = { type, snapshot: JSON.parse(data) }
  return event as StoredEvent
}
