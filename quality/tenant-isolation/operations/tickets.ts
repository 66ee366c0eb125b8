import type { Fixture } from '../fixture'
import { cursorReads, pathOf, reads, twice, write } from '../operation-kinds'
import type { Operation } from '../sender'
import { file, ticket } from './paths'

const LISTS = [
  ...['', '?status=open,closed', '?priority=critical', '?assigned_to=none', '?created_by=me', '?tag=red', '?q=printer'],
  ...[
    '?number=1',
    '?number=501',
    '?created_after=2020-01-01',
    '?updated_after=2020-01-01&status=open',
    '?sort=priority',
  ],
  ...[
    '?tag=red&q=printer',
    '?per_page=1&page=2',
    '?created_after=2020-01-01&created_by=me',
    '?status=closed&sort=updated_at',
    '?created_after=2020-01-01&sort=updated_at&per_page=1',
  ],
  '?tag=red&assigned_to=none',
  (w: Fixture) => `?tag=red&assigned_to=${w.account.agent.id}`,
  (w: Fixture) => `?assigned_to=none,${w.account.agent.id},user_a,user_b,user_c&sort=priority`,
  (w: Fixture) => `?assigned_to=${w.account.agent.id}`,
  (w: Fixture) => `?created_by=${w.account.customer.id}&assigned_to=${w.account.agent.id}`,
  (w: Fixture) => `?assigned_to=${w.account.agent.id}&created_after=2020-01-01`,
]

export const TICKETS: Operation[] = [
  ...reads('listTickets', ['agent', 'customer'], 'tickets', LISTS),
  ...cursorReads('listTickets', ['agent', 'customer'], 'tickets'),
  ...cursorReads('listTickets', ['agent'], 'tickets', '&sort=priority'),
  ...cursorReads('listTickets', ['agent'], 'tickets', '&q=printer'),
  ...reads('getTicketStats', ['agent', 'customer'], 'tickets/stats'),
  ...reads('exportTickets', ['agent'], 'tickets/export', ['', '?status=open']),
  ...reads('getTicket', ['agent', 'customer', 'stranger'], ticket),
  ...reads('listTicketHistory', ['agent'], (w) => `${pathOf(ticket, w)}/history`),
  ...cursorReads('listTicketHistory', ['agent'], (w) => `${pathOf(ticket, w)}/history`),
  write('createTicket', 'customer', 'POST', 'tickets', {
    title: 'New',
    description: 'D',
    tags: ['red'],
    attachments: [file],
  }),
  write('createTicket', 'agent', 'POST', 'tickets', ({ account, resources }: Fixture) => ({
    title: 'For another',
    description: 'D',
    created_by: account.stranger.id,
    assigned_to: resources.other.id,
  })),
  write('createTicket', 'agent', 'POST', 'tickets', ({ account }: Fixture) => ({
    title: 'With a file',
    description: 'D',
    assigned_to: account.agent.id,
    created_by: account.customer.id,
    attachments: [file],
  })),
  write('createTicket', 'agent', 'POST', 'tickets', ({ resources }: Fixture) => ({
    title: 'For a deleted user',
    description: 'D',
    attachments: [file],
    assigned_to: resources.other.id,
  })),
  write('updateTicket', 'agent', 'PATCH', ticket, ({ account }: Fixture) => ({
    title: 'Changed',
    status: 'resolved',
    assigned_to: null,
    created_by: account.customer.id,
    add_tags: ['new'],
    custom_fields: { a: 1 },
  })),
  write('updateTicket', 'agent', 'PATCH', ticket, ({ resources }: Fixture) => ({
    assigned_to: resources.other.id,
    created_by: resources.other.id,
  })),
  write('updateTicket', 'customer', 'PATCH', ticket, { status: 'closed' }),
  write('updateTicket', 'customer', 'PATCH', ticket, { status: 'open' }),
  write('updateTicket', 'agent', 'PATCH', ticket, { title: 'Expected' }, { 'If-Match': '"6.x", "11.x"' }),
  write('updateTicket', 'agent', 'PATCH', ticket, { title: 'Expected' }, { 'If-Match': '"1.x"' }),
  write('deleteTicket', 'agent', 'DELETE', ticket),
  twice(write('deleteTicket', 'agent', 'DELETE', ticket)),
  twice(write('updateTicket', 'customer', 'PATCH', ticket, { status: 'closed' })),
]
