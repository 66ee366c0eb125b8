import { z } from '@hono/zod-openapi'
import { CursorPagination, CursorQuery } from '../http/pagination/cursor'
import { textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import { UserRef } from '../users/service'
import type { HistoryRow } from './history.queries'

/** A text, nothing, tags, or an object: custom fields, or the snapshot of a comment or an attachment. */
const HistoryValue = z
  .union([
    textField(65_536),
    z.null(),
    z.array(textField(50)).max(20),
    z.record(z.string(), z.union([textField(1_000), z.number(), z.boolean()])).openapi({ maxProperties: 50 }),
  ])
  .openapi('HistoryValue', {
    example: 'open',
    description:
      'A value of the field: a text, tags, custom fields, or the ID and facts of a comment or attachment; null for none.',
  })

const TicketChange = z
  .object({
    id: z.string().openapi({
      maxLength: 200,
      pattern: '^[\\w-]+$',
      description: 'ID of the entry.',
      example: 'change_01jt0v7m3z5e1c9a7b3d2f4e6a-status',
    }),
    created_at: WireTime.openapi({ description: 'Time of the change.' }),
    actor: UserRef,
    field: z.string().openapi({
      maxLength: 40,
      pattern: '^[a-z_]{1,40}$',
      example: 'status',
      description:
        'The field that changed. `comments` and `attachments` stand for a deleted comment and an added or deleted file.',
    }),
    previous: HistoryValue,
    current: HistoryValue,
  })
  .openapi('TicketChange', { description: 'A change of one field of a ticket.' })

export const TicketHistory = z
  .object({
    data: z.array(TicketChange).max(100).openapi({ description: 'Changes of this page, oldest first.' }),
    pagination: CursorPagination,
  })
  .openapi('TicketHistory')

export const ListHistoryQuery = z.strictObject(CursorQuery)
export type ListHistoryInput = z.infer<typeof ListHistoryQuery>

export function presentChange(row: HistoryRow): z.infer<typeof TicketChange> {
  return {
    id: `${row.change_id}-${row.field}`,
    created_at: toWireTime(row.created_at),
    actor: { id: row.actor_id, name: row.actor_name, email: row.actor_email },
    field: row.field,
    previous: JSON.parse(row.previous),
    current: JSON.parse(row.current),
  }
}
