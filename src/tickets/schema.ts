import { z } from '@hono/zod-openapi'
import { Attachment, NewAttachments } from '../attachments/service'
import { Comment } from '../comments/service'
import type { ServiceContext } from '../context'
import type { TicketRow } from '../db/ticket-image'
import { CursorPagination, CursorQuery, cursorOrPage, PageOrCursorQuery } from '../http/cursor'
import {
  body,
  id,
  instant,
  line,
  namesAField,
  oneOrMoreIds,
  oneOrMoreOf,
  searchText,
  WireTime,
  wholeNumber,
} from '../http/fields'
import { Pagination } from '../http/pagination'
import { toWireTime } from '../lib/time'
import { seesInternal } from '../roles'
import { UserRef } from '../users/service'
import { CustomFields, CustomFieldsPatch, Tags } from './field-schemas'
import { PRIORITIES, STATUSES } from './values'

const MAX_DESCRIPTION_BYTES = 65_536

export const TicketStatus = z.enum(STATUSES).openapi('TicketStatus')
const Priority = z.enum(PRIORITIES).openapi('TicketPriority')
const Title = line(200)
const Description = body(MAX_DESCRIPTION_BYTES)

const EXAMPLE = {
  id: 'ticket123',
  number: 1,
  version: 1,
  title: 'Cannot access customer dashboard',
  description: "I'm getting a 404 error when trying to access the dashboard",
  status: 'open' as const,
  priority: 'high' as const,
  created_at: '2025-05-01T09:30:00Z',
  updated_at: '2025-05-01T09:30:00Z',
  created_by: { id: 'user456', name: 'Jane Smith', email: 'jane@example.com' },
  assigned_to: { id: 'agent789', name: 'Support Agent', email: 'agent@example.com' },
  tags: ['dashboard', 'access', 'error'],
}

const ticketShape = {
  id: z.string(),
  number: z.number().int().openapi({ description: '1, 2, 3 … within the account, never used again' }),
  version: z.number().int().openapi({ description: 'Rises with every change' }),
  title: z.string(),
  description: z.string(),
  status: TicketStatus,
  priority: Priority,
  created_at: WireTime,
  updated_at: WireTime,
  created_by: UserRef,
  assigned_to: z.union([UserRef, z.null()]),
  tags: z.array(z.string()),
}

const TicketListItem = z.object(ticketShape).openapi('TicketListItem', { example: EXAMPLE })

/** A ticket as events tell of it. */
export const EventTicket = z.object({ ...ticketShape, custom_fields: CustomFields }).openapi('EventTicket')

const Ticket = z
  .object({ ...ticketShape, custom_fields: CustomFields, attachments: z.array(Attachment) })
  .openapi('Ticket')

const TicketDetail = z
  .object({
    ...ticketShape,
    comments: z.array(Comment).openapi({ description: 'The latest 100, oldest first' }),
    comment_count: z.number().int(),
    attachments: z.array(Attachment).openapi({ description: 'The latest 100 of the ticket and its comments' }),
    attachment_count: z.number().int(),
    custom_fields: CustomFields,
  })
  .openapi('TicketDetail')

export const TicketAnswer = z.object({ data: Ticket }).openapi('TicketAnswer')
export const TicketDetailAnswer = z.object({ data: TicketDetail }).openapi('TicketDetailAnswer')
export const TicketList = z
  .object({ data: z.array(TicketListItem), pagination: z.union([Pagination, CursorPagination]) })
  .openapi('TicketList')

export const TicketStats = z.object({
  data: z
    .object({
      total: z.number().int(),
      by_status: z.object({
        open: z.number().int(),
        in_progress: z.number().int(),
        resolved: z.number().int(),
        closed: z.number().int(),
      }),
      by_priority: z.object({
        low: z.number().int(),
        medium: z.number().int(),
        high: z.number().int(),
        critical: z.number().int(),
      }),
      by_assignee: z.array(z.object({ assigned_to: z.union([UserRef, z.null()]), count: z.number().int() })),
    })
    .openapi('TicketStats', {
      example: {
        total: 243,
        by_status: { open: 40, in_progress: 12, resolved: 91, closed: 100 },
        by_priority: { low: 60, medium: 120, high: 50, critical: 13 },
        by_assignee: [
          { assigned_to: EXAMPLE.assigned_to, count: 200 },
          { assigned_to: null, count: 43 },
        ],
      },
    }),
})

const filters = {
  status: oneOrMoreOf(STATUSES).optional(),
  priority: oneOrMoreOf(PRIORITIES).optional(),
  assigned_to: oneOrMoreIds(['none', 'me'], 'agent789').optional(),
  created_by: oneOrMoreIds(['me'], 'user456').optional(),
  number: wholeNumber(1, Number.MAX_SAFE_INTEGER, 'must be a whole number of 1 or more').optional(),
  tag: line(50).optional(),
  q: searchText().optional().openapi({
    description: 'Every word must begin a word of the title or the description; case and accents do not matter',
  }),
  created_after: instant().optional(),
  created_before: instant().optional(),
  updated_after: instant().optional(),
  updated_before: instant().optional(),
  sort: z.enum(['created_at', 'updated_at', 'priority']).optional().openapi({ default: 'created_at' }),
  order: z.enum(['asc', 'desc']).optional().openapi({ default: 'desc' }),
}

export const ListTicketsQuery = z.strictObject({ ...filters, ...PageOrCursorQuery }).superRefine(cursorOrPage)
export type ListTicketsInput = z.infer<typeof ListTicketsQuery>

export const ExportTicketsQuery = z.strictObject({ ...filters, cursor: CursorQuery.cursor })
export type ExportTicketsInput = z.infer<typeof ExportTicketsQuery>

export const CreateTicketBody = z
  .strictObject({
    title: Title,
    description: Description,
    status: TicketStatus.optional().openapi({ default: 'open' }),
    priority: Priority.optional().openapi({ default: 'medium' }),
    created_by: id('user456').optional(),
    assigned_to: id('agent789').nullable().optional(),
    tags: Tags.optional(),
    custom_fields: CustomFields.optional(),
    attachments: NewAttachments,
  })
  .openapi('CreateTicket', {
    example: {
      title: 'Cannot export reports',
      description: "The export button doesn't work when I try to export monthly reports",
      priority: 'medium',
      tags: ['reports', 'export'],
      custom_fields: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
      attachments: [{ filename: 'error_log.txt', content: 'RXJyb3I6IGV4cG9ydCBmYWlsZWQK', mime_type: 'text/plain' }],
    },
  })
export type CreateTicketInput = z.infer<typeof CreateTicketBody>

export const UpdateTicketBody = z
  .strictObject({
    title: Title.optional(),
    description: Description.optional(),
    status: TicketStatus.optional(),
    priority: Priority.optional(),
    created_by: id('user456').optional(),
    assigned_to: id('agent789').nullable().optional(),
    tags: Tags.optional(),
    add_tags: Tags.optional(),
    remove_tags: Tags.optional(),
    custom_fields: CustomFieldsPatch.optional(),
  })
  .superRefine(namesAField)
  .superRefine((change, ctx) => {
    if (change.tags && (change.add_tags || change.remove_tags))
      ctx.addIssue({ code: 'custom', path: ['tags'], message: 'must not come beside add tags or remove tags' })
    if (change.add_tags?.some((tag) => change.remove_tags?.includes(tag)))
      ctx.addIssue({ code: 'custom', path: ['add_tags'], message: 'must not name what remove tags names' })
  })
  .openapi('UpdateTicket', { example: { status: 'in_progress', priority: 'high', assigned_to: 'agent789' } })
export type UpdateTicketInput = z.infer<typeof UpdateTicketBody>

/** A ticket as a list has it: without custom fields, comments and attachments. */
export function presentTicketListItem(row: TicketRow): z.infer<typeof TicketListItem> {
  return {
    id: row.id,
    number: row.number,
    version: row.version,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    created_at: toWireTime(row.created_at),
    updated_at: toWireTime(row.updated_at),
    created_by: { id: row.created_by_id, name: row.created_by_name, email: row.created_by_email },
    assigned_to: presentAssignee(row),
    tags: JSON.parse(row.tags),
  }
}

/** A ticket as events tell of it. */
export function presentEventTicket(row: TicketRow): z.infer<typeof EventTicket> {
  return { ...presentTicketListItem(row), custom_fields: JSON.parse(row.custom_fields) }
}

/** A ticket as its creation and its changes are answered: with custom fields and attachments, without comments. */
export function presentTicket(row: TicketRow, attachments: z.infer<typeof Attachment>[]): z.infer<typeof Ticket> {
  return { ...presentEventTicket(row), attachments }
}

/** The whole of a ticket, with counts of what the caller may see. */
export function presentTicketDetail(
  row: TicketRow,
  comments: z.infer<typeof Comment>[],
  attachments: z.infer<typeof Attachment>[],
  { caller }: ServiceContext,
): z.infer<typeof TicketDetail> {
  const internal = seesInternal(caller.role)
  return {
    ...presentTicketListItem(row),
    comments,
    comment_count: row.public_comments + (internal ? row.internal_comments : 0),
    attachments,
    attachment_count: row.public_attachments + (internal ? row.internal_attachments : 0),
    custom_fields: JSON.parse(row.custom_fields),
  }
}

function presentAssignee(row: TicketRow): z.infer<typeof UserRef> | null {
  if (row.assigned_to_id === null || row.assigned_to_name === null || row.assigned_to_email === null) return null
  return { id: row.assigned_to_id, name: row.assigned_to_name, email: row.assigned_to_email }
}
