import {
  type AttachmentRow,
  attachFiles,
  attachmentsJson,
  deleteAttachmentsOfTicket,
  deleteObjectsLater,
  findLatestAttachments,
  presentAttachment,
  releaseUploads,
  storeFiles,
} from '../attachments/service'
import { findLatestComments, presentComment } from '../comments/service'
import { type ErrorDetail, notFound, type ServiceError, validationError } from '../core/errors'
import { allowedFromStatuses, forbiddenCreateFields, forbiddenUpdateFields } from '../core/policy'
import { isConstraint } from '../db/errors'
import { countActiveWebhooks, type EventOf, findLastEvent } from '../db/outbox'
import { findChangedFields, type insertUpdatedEvent } from '../db/ticket-change'
import type { TicketMembers } from '../db/ticket-members'
import type { TicketRow } from '../db/ticket-row'
import { newId } from '../lib/ids'
import { commit, markRedacted } from '../service/commit'
import { constraintError, fieldsForbidden, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { changeTicket, type insertStatusChangedEvent, type TicketUpdate } from './change.queries'
import { statusChangeForbidden, unknownAssignee, unknownCreator } from './errors'
import {
  deleteTicketRows,
  emitTicketDeleted,
  expectVersion,
  findTicket,
  findTicketMembers,
  insertCreatedEvent,
  type insertDeletedEvent,
  insertTicket,
  type NewTicket,
  reserveTicketNumber,
} from './queries'
import { type CreateTicketInput, LATEST, presentTicket, presentTicketDetail, type UpdateTicketInput } from './schema'

export { indexTickets } from './backfill'
export { CHANGED_TICKET, NEW_TICKET } from './examples'
export { ExportLine, presentTicketSnapshot, Ticket, TicketSnapshot, TicketStatus } from './schema'

/** Events and their snapshots. */
export type TicketEvent =
  | EventOf<typeof insertCreatedEvent<AttachmentRow[]>>
  | EventOf<typeof insertUpdatedEvent>
  | EventOf<typeof insertStatusChangedEvent>
  | EventOf<typeof insertDeletedEvent>

/** A ticket with its latest comments and attachments. For everyone who may see it. Throws 404. */
export async function getTicket(ctx: ServiceContext, ticketId: string) {
  const { caller, db } = ctx
  const { ticket, comments, attachments } = await db.batch({
    ticket: findTicket(caller, ticketId),
    comments: findLatestComments(caller, ticketId, LATEST),
    attachments: findLatestAttachments(caller, ticketId, LATEST),
  })
  const [row] = ticket
  if (!row) throw notFound()
  const files = attachments.map((attachment) => presentAttachment(attachment, ctx))
  return presentTicketDetail(row, comments.map(presentComment), files, ctx)
}

/**
 * Creates a ticket with its attachments. For every role; only agents and admins may set creator, assignee and status (403).
 * Throws 422 if the creator or the assignee is not valid.
 */
export async function createTicket(ctx: ServiceContext, input: CreateTicketInput) {
  const { caller, now } = ctx
  const { accountId } = caller
  assertFieldsAllowed(forbiddenCreateFields(caller.role, Object.keys(input)))
  const members = { createdBy: input.created_by, assignedTo: input.assigned_to }
  const files = await storeFiles(ctx, input.attachments ?? [], { members })
  if (!files) throw await explainInvalidMembers(ctx, members)
  const ticket = newTicket(ctx, input)
  const parent = { ticketId: ticket.id, commentId: null, isInternal: false }
  const snapshot = attachmentsJson(accountId, { ticketId: ticket.id })
  const { rows, isReplay, isRedacted } = await commit(
    ctx,
    [
      reserveTicketNumber(accountId, { now, files: files.length }),
      insertTicket(accountId, ticket),
      ...attachFiles(ctx, parent, files),
      insertCreatedEvent(accountId, ticket.id, newId('evt', now), snapshot),
    ],
    {
      ticket: findTicket(caller, ticket.id),
      attachments: findLatestAttachments(caller, ticket.id, LATEST),
      activeWebhooks: countActiveWebhooks(accountId),
    },
    { ticketId: ticket.id },
  ).catch(async (error) => {
    releaseUploads(ctx, files)
    throw await toMemberError(ctx, error, members)
  })
  if (isReplay) releaseUploads(ctx, files)
  else ctx.notifyConsumer(rows.activeWebhooks[0])
  return markRedacted(presentWithAttachments(ctx, rows.ticket[0], rows.attachments), isRedacted)
}

function newTicket({ caller, now }: ServiceContext, input: CreateTicketInput): NewTicket {
  return {
    id: newId('ticket', now),
    title: input.title,
    description: input.description,
    status: input.status ?? 'open',
    priority: input.priority ?? 'medium',
    createdBy: input.created_by === undefined ? { caller: caller.id } : { user: input.created_by },
    assignedTo: input.assigned_to ?? null,
    tags: input.tags ?? [],
    customFields: input.custom_fields ?? {},
  }
}

/**
 * Changes the named fields of a ticket. For everyone who may see it; customers may change some fields, and close or reopen it
 * (403). If no value differs, there is no new version and no event. Throws 404, 412, and 422 if the creator or the assignee is
 * not valid or there would be too many tags or custom fields.
 */
export async function updateTicket(ctx: ServiceContext, ticketId: string, input: UpdateTicketInput) {
  const { caller, now } = ctx
  assertFieldsAllowed(forbiddenUpdateFields(caller.role, Object.keys(input)))
  const changeId = newId('change', now)
  const allowedFrom = input.status === undefined ? null : allowedFromStatuses(caller.role, input.status)
  const { rows, isReplay, isRedacted } = await commit(
    ctx,
    [
      ...expectVersion(caller, ticketId, ctx.expectedVersions),
      ...changeTicket({
        caller,
        ticketId,
        changeId,
        change: changeOf(input),
        allowedFrom,
        events: { statusChanged: newId('evt', now), updated: newId('evt', now) },
        now,
      }),
    ],
    {
      ticket: findTicket(caller, ticketId),
      changedFields: findChangedFields(caller.accountId, changeId),
      attachments: findLatestAttachments(caller, ticketId, LATEST),
      activeWebhooks: countActiveWebhooks(caller.accountId),
    },
    { ticketId },
  ).catch(async (error) => {
    if (isConstraint(error, 'status')) throw statusChangeForbidden(String(input.status))
    throw await toMemberError(ctx, error, { createdBy: input.created_by, assignedTo: input.assigned_to })
  })
  if (rows.changedFields.length > 0 && !isReplay) ctx.notifyConsumer(rows.activeWebhooks[0])
  return markRedacted(presentWithAttachments(ctx, rows.ticket[0], rows.attachments), isRedacted)
}

/** Deletes a ticket with its comments, attachments and history. For agents and admins. Throws 404 and 412. */
export async function deleteTicket(ctx: ServiceContext, ticketId: string): Promise<void> {
  const { caller, now } = ctx
  const eventId = newId('evt', now)
  const { rows, isReplay } = await commit(
    ctx,
    [
      ...expectVersion(caller, ticketId, ctx.expectedVersions),
      ...emitTicketDeleted(caller, ticketId, eventId, now),
      ...deleteAttachmentsOfTicket(caller.accountId, ticketId, now),
      ...deleteTicketRows(caller.accountId, ticketId),
    ],
    { event: findLastEvent(caller.accountId, eventId), activeWebhooks: countActiveWebhooks(caller.accountId) },
    { ticketId },
  ).catch(rethrow)
  if (rows.event.length === 0) throw notFound()
  if (isReplay) return
  ctx.notifyConsumer(rows.activeWebhooks[0])
  deleteObjectsLater(ctx)
}

function assertFieldsAllowed(fields: string[]): void {
  if (fields.length > 0) throw fieldsForbidden(fields)
}

function changeOf(input: UpdateTicketInput): TicketUpdate {
  const { add_tags: add, remove_tags: remove } = input
  return {
    title: input.title,
    description: input.description,
    status: input.status,
    priority: input.priority,
    createdBy: input.created_by,
    assignedTo: input.assigned_to,
    tags: input.tags ? { set: input.tags } : add || remove ? { add: add ?? [], remove: remove ?? [] } : undefined,
    customFields: input.custom_fields,
  }
}

function presentWithAttachments(ctx: ServiceContext, row: TicketRow | undefined, attachments: AttachmentRow[]) {
  if (!row) throw notFound()
  return presentTicket(
    row,
    attachments.map((attachment) => presentAttachment(attachment, ctx)),
  )
}

/** As `constraintError`, with the details of members that are not valid. */
async function toMemberError(ctx: ServiceContext, error: unknown, members: TicketMembers): Promise<unknown> {
  return isConstraint(error, 'reference') ? explainInvalidMembers(ctx, members) : constraintError(error)
}

async function explainInvalidMembers({ caller, db }: ServiceContext, members: TicketMembers): Promise<ServiceError> {
  const valid = await db.first(findTicketMembers(caller.accountId, members)).catch(() => undefined)
  const details: ErrorDetail[] = []
  if (members.createdBy && !valid?.creator) details.push(unknownCreator())
  if (members.assignedTo && !valid?.assignee) details.push(unknownAssignee())
  return validationError(details)
}
