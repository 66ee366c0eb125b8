import { z } from '@hono/zod-openapi'
import { Attachment, NewAttachments } from '../attachments/service'
import { Comment } from '../comments/service'
import { reject } from '../core/error-details'
import { seesInternal } from '../core/policy'
import type { TicketRow } from '../db/ticket-row'
import { Cursor, CursorPagination, CursorQuery, cursorOrPage, PageOrCursorQuery } from '../http/pagination/cursor'
import { Pagination } from '../http/pagination/page'
import {
  follows,
  id,
  instant,
  multilineText,
  oneOrMoreIds,
  oneOrMoreOf,
  requireAnyField,
  searchText,
  singleLine,
  wholeNumber,
} from '../http/schemas/request-fields'
import { idField, integerField, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { ServiceContext } from '../service/context'
import { UserRef } from '../users/service'
import { CustomFields, CustomFieldsPatch, Tags } from './field-schemas'
import { MAX_SEARCH_TOKENS, MAX_SEARCH_WORDS, searchViolation } from './search'
import { PRIORITIES, TICKET_STATUSES } from './values'

const MAX_TITLE = 200
const MAX_DESCRIPTION_BYTES = 65_536
/** How many comments and attachments a response about a ticket includes. */
export const LATEST = 100

export const TicketStatus = z.enum(TICKET_STATUSES).openapi('TicketStatus')
const Priority = z.enum(PRIORITIES).openapi('TicketPriority')
const Title = singleLine(MAX_TITLE)
const Description = multilineText(MAX_DESCRIPTION_BYTES)

const ticketShape = {
  id: idField('ticket123'),
  number: integerField(1).openapi({ description: '1, 2, 3 … within the account, never used again', example: 1 }),
  version: integerField(1).openapi({ description: 'Rises with every change', example: 3 }),
  title: textField(MAX_TITLE),
  description: textField(MAX_DESCRIPTION_BYTES),
  status: TicketStatus,
  priority: Priority,
  created_at: WireTime,
  updated_at: WireTime,
  created_by: UserRef,
  assigned_to: z.union([UserRef, z.null()]),
  tags: z.array(textField(50)).max(20),
}

const TicketListItem = z.object(ticketShape).openapi('TicketListItem')

export const TicketSnapshot = z
  .object({ ...ticketShape, custom_fields: CustomFields })
  .openapi('TicketSnapshot', { description: 'A ticket as events and the export tell of it' })

export const Ticket = z
  .object({ ...ticketShape, custom_fields: CustomFields, attachments: z.array(Attachment).max(LATEST) })
  .openapi('Ticket')

const TicketDetail = z
  .object({
    ...ticketShape,
    comments: z.array(Comment).max(LATEST).openapi({ description: 'The latest 100, oldest first' }),
    comment_count: integerField(),
    attachments: z
      .array(Attachment)
      .max(LATEST)
      .openapi({ description: 'The latest 100 of the ticket and its comments' }),
    attachment_count: integerField(),
    custom_fields: CustomFields,
  })
  .openapi('TicketDetail')

export const TicketResponse = z.object({ data: Ticket }).openapi('TicketResponse')
export const TicketDetailResponse = z.object({ data: TicketDetail }).openapi('TicketDetailResponse')
export const TicketList = z
  .object({ data: z.array(TicketListItem).max(100), pagination: z.union([Pagination, CursorPagination]) })
  .openapi('TicketList')

const counts = <const Name extends string>(names: readonly Name[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, integerField()])) as Record<Name, z.ZodNumber>)

const TicketStats = z
  .object({
    total: integerField(),
    by_status: counts(TICKET_STATUSES),
    by_priority: counts(PRIORITIES),
    by_assignee: z
      .array(z.object({ assigned_to: z.union([UserRef, z.null()]), count: integerField() }).openapi('AssigneeCount'))
      .openapi({ maxItems: 100_000 }),
  })
  .openapi('TicketStats')
export type TicketCounts = z.infer<typeof TicketStats>

export const TicketStatsResponse = z.object({ data: TicketStats }).openapi('TicketStatsResponse')

const ExportEnd = z
  .object({ next_cursor: z.union([Cursor, z.null()]) })
  .openapi('ExportEnd', { description: 'The last line of an export: null when all was sent' })
export const ExportLine = z.union([TicketSnapshot, ExportEnd]).openapi('ExportLine')

const filters = {
  status: oneOrMoreOf(TICKET_STATUSES).optional(),
  priority: oneOrMoreOf(PRIORITIES).optional(),
  assigned_to: oneOrMoreIds(['none', 'me'], 'agent789').optional(),
  created_by: oneOrMoreIds(['me'], 'user456').optional(),
  number: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  tag: singleLine(50).optional(),
  q: searchText()
    .superRefine(follows(searchViolation))
    .optional()
    .openapi({
      description:
        'Every word must begin a word of the title or the description; case and accents do not matter. At most ' +
        `${MAX_SEARCH_WORDS} different words, with at most ${MAX_SEARCH_TOKENS} parts (\`a-b\` has two)`,
    }),
  created_after: instant().optional(),
  created_before: instant().optional(),
  updated_after: instant().optional(),
  updated_before: instant().optional(),
  sort: z
    .enum(['created_at', 'updated_at', 'priority'])
    .optional()
    .openapi({ default: 'created_at', description: '`priority` goes by rank; of equal ones the newest come first' }),
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
  .openapi('CreateTicket')
export type CreateTicketInput = z.infer<typeof CreateTicketBody>
export type CreateTicketJson = z.input<typeof CreateTicketBody>

export const UpdateTicketBody = z
  .strictObject({
    title: Title.optional(),
    description: Description.optional(),
    status: TicketStatus.optional(),
    priority: Priority.optional(),
    created_by: id('user456').optional(),
    assigned_to: id('agent789').nullable().optional(),
    tags: Tags.optional(),
    add_tags: Tags.optional().openapi({ description: 'Come to the tags that are there; not beside `tags`' }),
    remove_tags: Tags.optional().openapi({
      description: 'Go from the tags that are there; not beside `tags`, and none that `add_tags` names',
    }),
    custom_fields: CustomFieldsPatch.optional(),
  })
  .superRefine(requireAnyField)
  .superRefine((change, ctx) => {
    if (change.tags && (change.add_tags || change.remove_tags))
      reject(ctx, 'conflicting_fields', 'must not be used together with add_tags or remove_tags', ['tags'])
    if (change.add_tags?.some((tag) => change.remove_tags?.includes(tag)))
      reject(ctx, 'conflicting_fields', 'must not overlap remove_tags', ['add_tags'])
  })
  .openapi('UpdateTicket', { minProperties: 1 })
export type UpdateTicketInput = z.infer<typeof UpdateTicketBody>

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

export function presentTicketSnapshot(row: TicketRow): z.infer<typeof TicketSnapshot> {
  return { ...presentTicketListItem(row), custom_fields: JSON.parse(row.custom_fields) }
}

export function presentTicket(row: TicketRow, attachments: z.infer<typeof Attachment>[]): z.infer<typeof Ticket> {
  return { ...presentTicketSnapshot(row), attachments }
}

/** The counts are those of the comments and attachments that the caller may see. */
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
