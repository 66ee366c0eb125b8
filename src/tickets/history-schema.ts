import { z } from '@hono/zod-openapi'
import { CursorPagination, CursorQuery } from '../http/cursor'
import { WireTime } from '../http/fields'
import { toWireTime } from '../lib/time'
import { UserRef } from '../users/service'
import type { HistoryRow } from './history.queries'

/** What a field was or is: a text, nothing, tags, or by name: custom fields, or what tells of a comment or a file. */
const Value = z.union([
  z.string(),
  z.null(),
  z.array(z.string()),
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
])

const TicketChange = z
  .object({
    id: z.string(),
    created_at: WireTime,
    actor: UserRef,
    field: z.string().openapi({
      description: 'A field of the ticket, or `comments` or `attachments` where one came or went',
    }),
    previous: Value,
    current: Value,
  })
  .openapi('TicketChange', {
    example: {
      id: 'change_01jt0v7m3z5e1c9a7b3d2f4e6a-status',
      created_at: '2025-05-01T10:30:00Z',
      actor: { id: 'agent789', name: 'Support Agent', email: 'agent@example.com' },
      field: 'status',
      previous: 'open',
      current: 'in_progress',
    },
  })

export const TicketHistory = z
  .object({ data: z.array(TicketChange), pagination: CursorPagination })
  .openapi('TicketHistory')

export const ListHistoryQuery = z.strictObject(CursorQuery)
export type ListHistoryInput = z.infer<typeof ListHistoryQuery>

/** One field of one change, as history has it. */
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
