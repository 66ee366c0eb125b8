import { z } from '@hono/zod-openapi'
import { Attachment, NewAttachments } from '../attachments/service'
import { Comment } from '../comments/service'
import { reject } from '../core/error-details'
import { seesInternal } from '../core/policy'
import type { TicketRow } from '../db/ticket-row'
import { Cursor, PageOrCursorPagination } from '../http/pagination/cursor'
import { id, multilineText, requireAnyField, singleLine } from '../http/schemas/request-fields'
import { idField, integerField, Redacted, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { ServiceContext } from '../service/context'
import { UserRef } from '../users/service'
import { CustomFields, CustomFieldsPatch, Tags } from './field-schemas'
import { PRIORITIES, TICKET_STATUSES } from './values'

const MAX_TITLE = 200
const MAX_DESCRIPTION_BYTES = 65_536
/** How many comments and attachments a response about a ticket includes. */
export const LATEST = 100

export const TicketStatus = z.enum(TICKET_STATUSES).openapi('TicketStatus', {
  description: 'Status of a ticket. Customers can close a ticket, and reopen one that is resolved or closed.',
})
const Priority = z
  .enum(PRIORITIES)
  .openapi('TicketPriority', { description: 'Priority of a ticket; `critical` is the highest.' })
const Title = singleLine(MAX_TITLE).openapi({
  description: 'Short summary, 1 to 200 characters.',
  example: 'Cannot export reports',
})
const Description = multilineText(MAX_DESCRIPTION_BYTES).openapi({
  description: 'Full text of the problem, 1 to 65,536 bytes of UTF-8.',
  example: 'The export button does nothing.',
})

const ticketShape = {
  id: idField('ticket123').openapi({ description: 'ID of the ticket.' }),
  number: integerField(1).openapi({
    description: 'Number of the ticket within the account: 1, 2, 3 … Never reused.',
    example: 1,
  }),
  version: integerField(1).openapi({ description: 'Increases with every change that a customer can see.', example: 3 }),
  title: textField(MAX_TITLE).openapi({ description: 'Short summary.', example: 'Cannot export reports' }),
  description: textField(MAX_DESCRIPTION_BYTES).openapi({
    description: 'Full text of the problem, as it was sent.',
    example: 'The export button does nothing.',
  }),
  status: TicketStatus,
  priority: Priority,
  created_at: WireTime.openapi({ description: 'Time of creation.' }),
  updated_at: WireTime.openapi({ description: 'Time of the latest change of `version`.' }),
  created_by: UserRef,
  assigned_to: z
    .union([UserRef, z.null()])
    .openapi({ description: 'Agent or admin who works on the ticket, or null.' }),
  tags: z
    .array(textField(50))
    .max(20)
    .openapi({ description: 'Tags, in the order in which they were set.', example: ['reports', 'export'] }),
}

const TicketListItem = z.object(ticketShape).openapi('TicketListItem', { description: 'A ticket in a list.' })

export const TicketSnapshot = z
  .object({ ...ticketShape, custom_fields: CustomFields })
  .openapi('TicketSnapshot', { description: 'A ticket in events and exports.' })

export const Ticket = z
  .object({
    ...ticketShape,
    custom_fields: CustomFields,
    attachments: z
      .array(Attachment)
      .max(LATEST)
      .openapi({ description: 'The latest 100 attachments of the ticket and its comments.' }),
    redacted: Redacted,
  })
  .openapi('Ticket', { description: 'A ticket with its attachments.' })

const TicketDetail = z
  .object({
    ...ticketShape,
    comments: z
      .array(Comment)
      .max(LATEST)
      .openapi({ description: 'The latest 100 comments that you may see, oldest first.' }),
    comment_count: integerField().openapi({ description: 'Number of all comments that you may see.', example: 2 }),
    attachments: z
      .array(Attachment)
      .max(LATEST)
      .openapi({ description: 'The latest 100 attachments of the ticket and its comments that you may see.' }),
    attachment_count: integerField().openapi({
      description: 'Number of all attachments that you may see.',
      example: 1,
    }),
    custom_fields: CustomFields,
  })
  .openapi('TicketDetail', { description: 'A ticket with its comments and attachments.' })

export const TicketResponse = z.object({ data: Ticket }).openapi('TicketResponse')
export const TicketDetailResponse = z.object({ data: TicketDetail }).openapi('TicketDetailResponse')
export const TicketList = z
  .object({
    data: z.array(TicketListItem).max(100).openapi({ description: 'Tickets of this page.' }),
    pagination: PageOrCursorPagination,
  })
  .openapi('TicketList')

const Count = integerField().openapi({ description: 'Number of tickets.', example: 40 })

const counts = <const Name extends string>(names: readonly Name[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, Count])) as Record<Name, z.ZodNumber>)

const AssigneeCount = z
  .object({
    assigned_to: z.union([UserRef, z.null()]).openapi({ description: 'The assignee; null for unassigned tickets.' }),
    count: Count,
  })
  .openapi('AssigneeCount')

const TicketStats = z
  .object({
    total: Count.openapi({ description: 'Number of all tickets that you may see.', example: 243 }),
    by_status: counts(TICKET_STATUSES).openapi({ description: 'Number of tickets by status.' }),
    by_priority: counts(PRIORITIES).openapi({ description: 'Number of tickets by priority.' }),
    by_assignee: z
      .array(AssigneeCount)
      .openapi({ maxItems: 100_000, description: 'Number of tickets by assignee, unassigned tickets included.' }),
  })
  .openapi('TicketStats', { description: 'Exact numbers of tickets.' })
export type TicketCounts = z.infer<typeof TicketStats>

export const TicketStatsResponse = z.object({ data: TicketStats }).openapi('TicketStatsResponse')

const ExportEnd = z
  .object({
    next_cursor: z
      .union([Cursor, z.null()])
      .openapi({ description: 'Send it as `cursor` to continue; null if everything was sent.' }),
  })
  .openapi('ExportEnd', { description: 'The last line of an export.' })
export const ExportLine = z
  .union([TicketSnapshot, ExportEnd])
  .openapi('ExportLine', { description: 'A line of an export: a ticket, or the last line.' })

const ASSIGNEE = 'ID of an active agent or admin; null for nobody. Agents and admins only.'

export const CreateTicketBody = z
  .strictObject({
    title: Title,
    description: Description,
    status: TicketStatus.optional().openapi({
      default: 'open',
      description: 'Status of the ticket. Agents and admins only.',
    }),
    priority: Priority.optional().openapi({ default: 'medium', description: 'Priority of the ticket.' }),
    created_by: id('user456')
      .optional()
      .openapi({ description: 'ID of the user to create the ticket for; by default you. Agents and admins only.' }),
    assigned_to: id('agent789').nullable().optional().openapi({ description: ASSIGNEE }),
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
    priority: Priority.optional().openapi({ description: 'New priority. Agents and admins only.' }),
    created_by: id('user456')
      .optional()
      .openapi({ description: 'ID of the user to show as the creator. Agents and admins only.' }),
    assigned_to: id('agent789').nullable().optional().openapi({ description: ASSIGNEE }),
    tags: Tags.optional().openapi({
      description: 'New tags instead of all present ones, at most 20 of 1 to 50 characters.',
    }),
    add_tags: Tags.optional().openapi({ description: 'Tags to add. Cannot be combined with `tags`.' }),
    remove_tags: Tags.optional().openapi({
      description: 'Tags to remove. Cannot be combined with `tags`, or overlap `add_tags`.',
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
