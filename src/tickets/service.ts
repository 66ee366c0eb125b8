import {
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
import { type ApiError, type ErrorDetail, notFound, validationError } from '../core/errors'
import { allowedFromStatuses, forbiddenCreateFields, forbiddenUpdateFields } from '../core/policy'
import { DbError, isConstraint } from '../db/errors'
import { countActiveWebhooks, findLastEvent } from '../db/outbox'
import { findChangedFields } from '../db/ticket-change'
import type { TicketMembers } from '../db/ticket-members'
import { newId } from '../lib/ids'
import { commit } from '../service/commit'
import { constraintError, fieldsForbidden, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { changeTicket, type TicketChange } from './change.queries'
import { statusChangeForbidden, unknownAssignee, unknownCreator } from './errors'
import {
  deleteTicketRows,
  emitTicketDeleted,
  expectVersion,
  findTicket,
  findTicketMembers,
  insertCreatedEvent,
  insertTicket,
  takeTicketNumber,
} from './queries'
import { type CreateTicketInput, presentTicket, presentTicketDetail, type UpdateTicketInput } from './schema'

export type { TicketRow } from '../db/ticket-row'
export { CHANGED_TICKET, NEW_TICKET } from './examples'
export { ExportLine, presentTicketSnapshot, Ticket, TicketSnapshot, TicketStatus } from './schema'

/** How many of a ticket's comments and attachments come with it. */
const LATEST = 100

/** One ticket with its latest comments and attachments. For everybody who may see it. Throws 404. */
export async function getTicket(ctx: ServiceContext, ticketId: string) {
  const { caller, db } = ctx
  const [[row], comments, attachments] = await db.batch([
    findTicket(caller, ticketId),
    findLatestComments(caller, ticketId, LATEST),
    findLatestAttachments(caller, ticketId, LATEST),
  ])
  if (!row) throw notFound()
  const files = attachments.map((attachment) => presentAttachment(attachment, ctx))
  return presentTicketDetail(row, comments.map(presentComment), files, ctx)
}

/**
 * Makes a ticket with its attachments. For everybody; only agents and admins may name creator, assignee or status
 * (403). Throws 422 for a creator or an assignee who may not be one.
 */
export async function createTicket(ctx: ServiceContext, input: CreateTicketInput) {
  const { caller, now } = ctx
  assertFieldsAllowed(forbiddenCreateFields(caller.role, Object.keys(input)))
  const named = { createdBy: input.created_by, assignedTo: input.assigned_to }
  const files = await storeFiles(ctx, input.attachments ?? [], { references: named })
  if (!files) throw await explainInvalidMembers(ctx, named)
  const id = newId('ticket', now)
  const ticket = {
    id,
    title: input.title,
    description: input.description,
    status: input.status ?? 'open',
    priority: input.priority ?? 'medium',
    createdBy: input.created_by === undefined ? { caller: caller.id } : { user: input.created_by },
    assignedTo: input.assigned_to ?? null,
    tags: input.tags ?? [],
    customFields: input.custom_fields ?? {},
  }
  const attachmentsSnapshot = attachmentsJson(caller.accountId, { ticketId: id })
  const { rows, isReplay } = await commit(
    ctx,
    [
      takeTicketNumber(caller.accountId, { now, files: files.length }),
      insertTicket(caller.accountId, ticket),
      ...attachFiles(ctx, { ticketId: id, commentId: null, isInternal: false }, files),
      insertCreatedEvent(caller.accountId, id, newId('evt', now), attachmentsSnapshot),
    ],
    [findTicket(caller, id), findLatestAttachments(caller, id, LATEST), countActiveWebhooks(caller.accountId)],
    { ticketId: id },
  ).catch(async (error) => {
    releaseUploads(ctx, files)
    throw await toMemberError(ctx, error, named)
  })
  const [[row], attachments, [activeWebhooks]] = rows
  if (isReplay) releaseUploads(ctx, files)
  else ctx.notifyConsumer(activeWebhooks)
  if (!row) throw notFound()
  return presentTicket(
    row,
    attachments.map((attachment) => presentAttachment(attachment, ctx)),
  )
}

/**
 * Changes the named fields of a ticket. For everybody who may see it; customers may change some, and close or reopen
 * (403). A change that changes nothing is no change. Throws 404, and 422 for a creator or an assignee who may not be
 * one, and for tags and custom fields that would become too many.
 */
export async function updateTicket(ctx: ServiceContext, ticketId: string, input: UpdateTicketInput) {
  const { caller, now } = ctx
  assertFieldsAllowed(forbiddenUpdateFields(caller.role, Object.keys(input)))
  const changeId = newId('change', now)
  const allowedFrom = input.status === undefined ? null : allowedFromStatuses(caller.role, input.status)
  const { rows, isReplay } = await commit(
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
    [
      findTicket(caller, ticketId),
      findChangedFields(caller.accountId, changeId),
      findLatestAttachments(caller, ticketId, LATEST),
      countActiveWebhooks(caller.accountId),
    ],
    { ticketId },
  ).catch(async (error) => {
    if (isConstraint(error, 'status')) throw statusChangeForbidden(String(input.status))
    throw await toMemberError(ctx, error, { createdBy: input.created_by, assignedTo: input.assigned_to })
  })
  const [[row], changes, attachments, [activeWebhooks]] = rows
  if (!row) throw notFound()
  if (changes.length > 0 && !isReplay) ctx.notifyConsumer(activeWebhooks)
  return presentTicket(
    row,
    attachments.map((attachment) => presentAttachment(attachment, ctx)),
  )
}

/** Deletes a ticket and all that belongs to it. For agents and admins. Throws 404. */
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
    [findLastEvent(caller.accountId, eventId), countActiveWebhooks(caller.accountId)],
    { ticketId },
  ).catch(rethrow)
  const [[error], [activeWebhooks]] = rows
  if (!error) throw notFound()
  if (isReplay) return
  ctx.notifyConsumer(activeWebhooks)
  deleteObjectsLater(ctx)
}

function assertFieldsAllowed(fields: string[]): void {
  if (fields.length > 0) throw fieldsForbidden(fields)
}

function changeOf(input: UpdateTicketInput): TicketChange {
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

/** The answer to a failure of the database, where it may be for a member that a ticket can not name. */
async function toMemberError(ctx: ServiceContext, error: unknown, named: TicketMembers): Promise<unknown> {
  const isReference = error instanceof DbError && error.failure.kind === 'refused' && error.failure.rule === 'reference'
  return isReference ? explainInvalidMembers(ctx, named) : constraintError(error)
}

/** Names each member that a ticket can not name. */
async function explainInvalidMembers({ caller, db }: ServiceContext, named: TicketMembers): Promise<ApiError> {
  const found = await db.first(findTicketMembers(caller.accountId, named)).catch(() => undefined)
  const details: ErrorDetail[] = []
  if (named.createdBy && !found?.creator) details.push(unknownCreator())
  if (named.assignedTo && !found?.assignee) details.push(unknownAssignee())
  return validationError(details)
}
