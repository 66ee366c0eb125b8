import type { AttachmentRow } from '../attachments/service'
import type { CommentRow } from '../comments/service'
import type { EventType } from '../db/outbox'
import type { TicketRow } from '../tickets/service'
import type { UserRow } from '../users/service'
import type { EventRow } from './queries'

interface Member {
  id: string
  name: string
  email: string
}

/** The snapshot of each type of event, as the batch of a change stores it. */
interface Snapshots {
  'ticket.created': { ticket: TicketRow; attachments: AttachmentRow[] }
  'ticket.updated': { ticket: TicketRow; changes: Record<string, FieldChangeSnapshot>; actor: Member }
  'ticket.status_changed': {
    ticket: { id: string; title: string }
    status: { previous: TicketRow['status']; current: TicketRow['status'] }
    actor: Member
  }
  'ticket.deleted': { ticket: { id: string; number: number; title: string }; actor: Member }
  'comment.created': {
    comment: CommentRow
    attachments: AttachmentRow[]
    ticket: { id: string; number: number; title: string; status: TicketRow['status'] }
  }
  'user.created': { user: UserRow }
  'webhook.test': { webhook: { id: string } }
}

export type FieldChangeSnapshot = { previous: unknown; current: unknown } | { truncated: true }

export type StoredEvent = { [Type in EventType]: { type: Type; snapshot: Snapshots[Type] } }[EventType]

/** Not validated: the SQL of `insertEvent` calls decides what it holds. */
export function parseSnapshot({ type, data }: EventRow): StoredEvent {
  return { type, snapshot: JSON.parse(data) } as StoredEvent
}
