import type { z } from '@hono/zod-openapi'
import { inEvent } from '../attachments/service'
import { NEW_COMMENT } from '../comments/service'
import { CHANGED_TICKET, NEW_TICKET } from '../tickets/service'
import { NEW_USER, SUPPORT } from '../users/service'
import type { EventBody, EventList, EventType } from './schema'

const { attachments, ...changed } = CHANGED_TICKET.data
const { id, number, title, status } = changed
const { data: created } = NEW_TICKET
const { data: comment } = NEW_COMMENT

export const EVENT_EXAMPLES: { [Type in EventType]: Extract<EventBody, { event: Type }> } = {
  'ticket.created': {
    id: 'evt_01jt0v7m3z1a7c9e5b3d2f4e6a',
    sequence: 41,
    event: 'ticket.created',
    timestamp: created.created_at,
    data: { ticket: { ...created, attachments: created.attachments.map(inEvent) } },
  },
  'ticket.updated': {
    id: 'evt_01jt0v7m3z2b8d0f6c4e3a5f7b',
    sequence: 43,
    event: 'ticket.updated',
    timestamp: '2025-05-04T16:30:00Z',
    data: {
      ticket: changed,
      changes: { status: { previous: 'open', current: 'in_progress' } },
      updated_by: SUPPORT,
    },
  },
  'ticket.status_changed': {
    id: 'evt_01jt0v7m3z3c9e1a7d5f4b6a8c',
    sequence: 42,
    event: 'ticket.status_changed',
    timestamp: '2025-05-04T16:30:00Z',
    data: { ticket: { id, title, status: { previous: 'open', current: 'in_progress' }, updated_by: SUPPORT } },
  },
  'ticket.deleted': {
    id: 'evt_01jt0v7m3z4d0f2b8e6a5c7b9d',
    sequence: 46,
    event: 'ticket.deleted',
    timestamp: '2025-05-04T17:00:00Z',
    data: { ticket: { id, number, title: '' }, deleted_by: SUPPORT },
    redacted: true,
  },
  'comment.created': {
    id: 'evt_01jt0v7m3z5e1a3c9f7b6d8c0e',
    sequence: 44,
    event: 'comment.created',
    timestamp: comment.created_at,
    data: {
      comment: { ...comment, attachments: comment.attachments.map(inEvent) },
      ticket: { id, number, title, status },
    },
  },
  'user.created': {
    id: 'evt_01jt0v7m3z6f2b4d0a8c7e9d1f',
    sequence: 45,
    event: 'user.created',
    timestamp: NEW_USER.created_at,
    data: { user: NEW_USER },
  },
  'webhook.test': {
    id: 'evt_01jt0v7m3z7a3c5e1b9d8f0e2a',
    sequence: 47,
    event: 'webhook.test',
    timestamp: '2025-05-04T17:05:00Z',
    data: { webhook: { id: 'webhook_01jt0v7m3zq8x5y2w9r4n6p1kc' } },
  },
}

export const EVENT_LIST: z.infer<typeof EventList> = {
  data: [EVENT_EXAMPLES['ticket.created'], EVENT_EXAMPLES['ticket.status_changed']],
  pagination: { per_page: 20, next_cursor: 'WyI5ZjNhIiw0Ml0', has_more: false },
}
