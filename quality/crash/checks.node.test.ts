import { describe, expect, it } from 'vitest'
import type { Api, ApiResponse } from '../../test/helpers/node/api.ts'
import { checkChains, checkDeliveries, checkSequences, checkWrites } from './check-events.ts'
import { checkResources } from './check-resources.ts'
import { removalOf, type Sent, type Write, type WriteLog } from './operations.ts'
import { comparisonProblems, retryRequests } from './retry-requests.ts'
import { type ReceivedEvent, readEvent, type Ticket, TicketResponse } from './shapes.ts'

const FIELDS = { title: 'r1w1n1 A', description: 'B', priority: 'low', tags: ['r1w1n1'] }
const CONTENT = 'r1w1n2 C'

function history({ removed }: { removed: boolean }) {
  const writes = [
    write('r1w1n1', { kind: 'ticket', ...FIELDS }, 'ticket_1'),
    write('r1w1n2', { kind: 'comment', ticketId: 'ticket_1', content: CONTENT, is_internal: false }, 'comment_1'),
    ...(removed
      ? [write('-comment_1', { kind: 'removal', ticketId: 'ticket_1', of: 'r1w1n2', isInternal: false }, null)]
      : []),
  ]
  const writeLog: WriteLog = new Map(writes.map((one) => [one.marker, one]))
  const comments = removed ? [] : [{ id: 'comment_1', content: CONTENT, is_internal: false }]
  const ticket = ticketWith({ version: removed ? 3 : 2, comments, comment_count: comments.length })
  const events = [
    event(1, 'ticket.created', { ticket: { id: 'ticket_1', ...FIELDS, status: 'open', attachments: [] } }),
    event(2, 'comment.created', {
      ...ticketData(),
      comment: { content: CONTENT, is_internal: false, attachments: [] },
    }),
    ...(removed ? [removalEvent(3)] : []),
  ]
  return { writes, writeLog, ticket, events }
}

function write(marker: string, sent: Sent, id: string | null): Write {
  return { marker, round: 1, sent, files: [], acknowledged: true, id }
}

function ticketWith(fields: object): Ticket {
  const empty = { comments: [], comment_count: 0, attachments: [], attachment_count: 0 }
  const data = { id: 'ticket_1', version: 1, ...FIELDS, status: 'open', custom_fields: {}, ...empty, ...fields }
  return TicketResponse.parse({ data }).data
}

const ticketData = () => ({ ticket: { id: 'ticket_1', title: FIELDS.title, status: 'open' } })

function event(sequence: number, name: string, data: object): ReceivedEvent {
  return readEvent({ id: `evt_${sequence}`, sequence, event: name, data })
}

function removalEvent(sequence: number): ReceivedEvent {
  const changes = { comments: { previous: { id: 'comment_1' }, current: null } }
  return event(sequence, 'ticket.updated', { ...ticketData(), changes })
}

async function problemsOf(change: (of: ReturnType<typeof history>) => void, options = { removed: false }) {
  const of = { tickets: [] as Ticket[], ...history(options) }
  change(of)
  const tickets = of.tickets.length > 0 ? of.tickets : [of.ticket]
  const { existing, problems } = await checkResources(tickets, [], of.writes, of.writeLog)
  return [
    ...problems,
    ...checkSequences(of.events),
    ...checkWrites(of.events, of.writes, of.writeLog, existing),
    ...checkChains(tickets, of.events, of.writeLog),
  ]
}

describe('F01 the checks after a crash', () => {
  it.each([false, true])('report nothing for a complete history (with a removal: %s)', async (removed) => {
    expect(await problemsOf(() => undefined, { removed })).toEqual([])
  })

  it('report an acknowledged comment that is lost', async () => {
    const problems = await problemsOf(({ ticket }) => Object.assign(ticket, { comments: [], comment_count: 0 }))
    expect(problems).toContain('lost: r1w1n2 (comment)')
    expect(problems).toContain('halved: r1w1n2 is told, and is not there')
  })

  it('report a ticket, and of a comment, that are there twice', async () => {
    const problems = await problemsOf((of) => {
      const [comment] = of.ticket.comments
      Object.assign(of.ticket, { comments: [comment, comment], comment_count: 2 })
      of.events.push(event(3, 'comment.created', of.events[1]?.data ?? {}))
    })
    expect(problems).toContain('doubled: r1w1n2 is there twice')
    expect(problems).toContain('doubled: r1w1n2 is told twice')
  })

  it('report a change that was halved: no event, no file, another text', async () => {
    expect(await problemsOf(({ events }) => events.pop())).toContain('halved: r1w1n2 happened, and has no event')
    const problems = await problemsOf(({ writeLog, ticket }) => {
      writeLog.get('r1w1n1')?.files.push({ filename: 'r1w1n1-0.bin', size: 1, sha256: 'ab' })
      ticket.description = 'other'
    })
    expect(problems).toContain('halved: description of r1w1n1 is "other"')
    expect(problems).toContain('halved: without its r1w1n1-0.bin, 1 bytes, ab')
    expect(problems).toContain('halved: r1w1n1 is not told as it was sent')
  })

  it('report unsent writes, of holes, and of versions and chains that break', async () => {
    const problems = await problemsOf((of) => {
      of.writeLog.delete('r1w1n2')
      of.ticket.version = 9
      const status = { previous: 'closed', current: 'open' }
      of.events.push(event(4, 'ticket.status_changed', { ticket: { ...ticketData().ticket, status } }))
    })
    expect(problems).toContain('invented: comment_1 is there, and nobody wrote it')
    expect(problems).toContain('lost: event evt_4 has the sequence 4, the one before it 2')
    expect(problems.filter((problem) => problem.startsWith('wrong: '))).toEqual([
      expect.stringContaining('version 9'),
      expect.stringContaining('another ticket.status_changed'),
      expect.stringContaining('the chain'),
    ])
  })

  it('report a removal that left the comment, and of one without an event', async () => {
    const comment = { id: 'comment_1', content: CONTENT, is_internal: false }
    const problems = await problemsOf(
      ({ ticket }) => Object.assign(ticket, { comments: [comment], comment_count: 1 }),
      {
        removed: true,
      },
    )
    expect(problems).toContain('wrong: r1w1n2 was removed, and is there')
    expect(problems).toContain(`halved: ${removalOf('comment_1')} is told, and what it removed is there`)
    const problemsWithoutEvent = await problemsOf(({ events }) => events.pop(), { removed: true })
    expect(problemsWithoutEvent).toContain(`halved: ${removalOf('comment_1')} happened, and has no event`)
  })

  it('report a delivery that is not an event, and of one with other bytes', () => {
    const { events } = history({ removed: false })
    const [first] = events
    const delivered = (emitted: ReceivedEvent) => ({ event: emitted, at: 0, body: Buffer.alloc(0) })
    const deliveries = new Map([
      ['evt_9', delivered(event(9, 'comment.created', events[1]?.data ?? {}))],
      ['evt_1', delivered({ ...event(1, 'ticket.created', first?.data ?? {}), raw: 'other' })],
    ])
    const problems = checkDeliveries(events, {
      url: '',
      secret: '',
      deliveries,
      hasMarker: () => true,
      requests: () => 2,
      drainProblems: () => [],
      close: () => undefined,
    })
    expect(problems.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      'invented: evt_9',
      'wrong: evt_1',
    ])
  })
})

describe('C01 sending again', () => {
  const response = (text: string, replayed: boolean): ApiResponse => ({
    status: 201,
    text,
    body: JSON.parse(text),
    headers: new Headers(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
  })
  const body = (id: string, signature = 'a') => `{"data":{"id":"${id}","url":"/f?expires=1&signature=${signature}"}}`

  it('compares a response with the first one, except for signatures of files', () => {
    const first = response(body('one'), false)
    expect(comparisonProblems('m', first, response(body('one', 'b'), true))).toEqual([])
    expect(comparisonProblems('m', first, response(body('two'), true))).toEqual([expect.stringMatching(/^wrong: m/)])
    expect(comparisonProblems('m', first, response(body('one'), false))).toEqual([expect.stringMatching(/^doubled: m/)])
  })

  it.each([
    ['done before and done again', true, [false, true], 'doubled: r1w1n1 had been done'],
    ['not done and returned as a replay', false, [true, true], 'invented: r1w1n1'],
    ['done now and then once more', false, [false, false], 'doubled: r1w1n1 was done again'],
  ])('reports a write that was %s', async (_what, before, replays, problem) => {
    const responses = replays.map((replayed) => response(body('one'), replayed))
    const client: Api = {
      send: async () => responses.shift() ?? response(body('one'), true),
      get: () => Promise.reject(new Error('not asked for')),
      post: () => Promise.reject(new Error('not asked for')),
    }
    const withoutResponse = { ...write('r1w1n1', { kind: 'ticket', ...FIELDS }, null), acknowledged: false }
    const request = { write: withoutResponse, client, method: 'POST', path: '/tickets', body: FIELDS, response: null }
    const { problems } = await retryRequests('', [request], () => before)
    expect(problems).toEqual([expect.stringContaining(problem)])
  })
})
