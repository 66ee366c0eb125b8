import { deriveKeys } from '../src/core/keys.ts'
import { hmac } from '../src/lib/crypto.ts'
import { ACCOUNT_ID } from './dataset.ts'
import type { AttachmentRow, CommentRow, EventRow, TicketRow } from './floor-sql.ts'

/** Rows in the form of the service's responses. */

const HOUR = 3_600_000

export function presentListItem(row: TicketRow) {
  return {
    id: row.id,
    number: row.number,
    version: row.version,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    created_at: wireTime(row.created_at),
    updated_at: wireTime(row.updated_at),
    created_by: { id: row.created_by_id, name: row.created_by_name, email: row.created_by_email },
    assigned_to: row.assigned_to_id
      ? { id: row.assigned_to_id, name: row.assigned_to_name, email: row.assigned_to_email }
      : null,
    tags: JSON.parse(row.tags),
  }
}

export function presentComment(row: CommentRow) {
  return {
    id: row.id,
    content: row.content,
    created_at: wireTime(row.created_at),
    created_by: { id: row.created_by_id, name: row.created_by_name, email: row.created_by_email },
    is_internal: row.is_internal === 1,
  }
}

function wireTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** Signs URLs of attachments like the service does. */
export function fileSigner(secret: string, origin: string) {
  const key = deriveKeys(secret).files
  const expires = (Math.floor(Date.now() / HOUR) * HOUR + 2 * HOUR) / 1_000
  return (row: AttachmentRow) => {
    const signature = `${ACCOUNT_ID}.${hmac(key, JSON.stringify([ACCOUNT_ID, row.id, row.filename, expires]))}`
    const path = `/files/${row.id}/${encodeURIComponent(row.filename)}?expires=${expires}&signature=${signature}`
    return presentAttachment(row, `${origin}${path}`)
  }
}

function presentAttachment(row: AttachmentRow, url: string) {
  return {
    id: row.id,
    filename: row.filename,
    size: row.size,
    mime_type: row.mime_type,
    url,
    created_at: wireTime(row.created_at),
    sha256: row.sha256,
  }
}

/** The measured account has no other events. */
export function presentEvent(row: EventRow) {
  const { ticket, attachments }: { ticket: TicketRow; attachments: AttachmentRow[] } = JSON.parse(row.data)
  return {
    id: row.id,
    sequence: row.sequence,
    timestamp: wireTime(row.created_at),
    event: row.type,
    data: {
      ticket: {
        ...presentListItem(ticket),
        custom_fields: JSON.parse(ticket.custom_fields),
        attachments: attachments.map((file) => presentAttachment(file, `/attachments/${file.id}`)),
      },
    },
  }
}
