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

/** What the batch of a change has stored for each type of event. */
interface Snapshots {
  'ticket.created': { ticket: TicketRow; attachments: AttachmentRow[] }
  'ticket.updated': { ticket: TicketRow; changes: Record<string, FieldChange>; actor: Member }
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

export type FieldChange = { previous: unknown; current: unknown } | { truncated: true }

export type StoredEvent = { [Type in EventType]: { type: Type; snapshot: Snapshots[Type] } }[EventType]

/** The stored image of an event. What it holds is said where its SQL is written. */
export function parseSnapshot({ type, data }: EventRow): StoredEvent {
  return { type, snapshot: JSON.parse(data) } as StoredEvent
}
