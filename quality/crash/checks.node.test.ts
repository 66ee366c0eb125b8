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
      comment: { id: 'comment_1', content: CONTENT, is_internal: false, attachments: [] },
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

  it('report nothing for a comment whose text is erased after its removal, and a text that is erased without one', async () => {
    const erase = ({ events }: ReturnType<typeof history>) => {
      const comment = { id: 'comment_1', content: '', is_internal: false, attachments: [] }
      events[1] = readEvent({
        id: 'evt_2',
        sequence: 2,
        event: 'comment.created',
        data: { ...ticketData(), comment },
        redacted: true,
      })
    }
    expect(await problemsOf(erase, { removed: true })).toEqual([])
    expect(await problemsOf(erase)).toContain('unexpected: evt_2 (comment.created) has no write: ?comment_1')
  })

  it('report an acknowledged comment that is lost', async () => {
    const problems = await problemsOf(({ ticket }) => Object.assign(ticket, { comments: [], comment_count: 0 }))
    expect(problems).toContain('lost: r1w1n2 (comment)')
    expect(problems).toContain('partial: r1w1n2 has an event, and does not exist')
  })

  it('report a ticket or a comment that exists twice', async () => {
    const problems = await problemsOf((of) => {
      const [comment] = of.ticket.comments
      Object.assign(of.ticket, { comments: [comment, comment], comment_count: 2 })
      of.events.push(event(3, 'comment.created', of.events[1]?.data ?? {}))
    })
    expect(problems).toContain('duplicated: r1w1n2 exists twice')
    expect(problems).toContain('duplicated: r1w1n2 has two events')
  })

  it('report a partial change: a missing event, a missing file, another text', async () => {
    expect(await problemsOf(({ events }) => events.pop())).toContain('partial: r1w1n2 has no event')
    const problems = await problemsOf(({ writeLog, ticket }) => {
      writeLog.get('r1w1n1')?.files.push({ filename: 'r1w1n1-0.bin', size: 1, sha256: 'ab' })
      ticket.description = 'other'
    })
    expect(problems).toContain('partial: description of r1w1n1 is "other"')
    expect(problems).toContain('partial: without the file r1w1n1-0.bin, 1 bytes, ab')
    expect(problems).toContain('partial: the event of r1w1n1 differs from the request')
  })

  it('report writes that were never sent, gaps, and broken versions and chains', async () => {
    const problems = await problemsOf((of) => {
      of.writeLog.delete('r1w1n2')
      of.ticket.version = 9
      const status = { previous: 'closed', current: 'open' }
      of.events.push(event(4, 'ticket.status_changed', { ticket: { ...ticketData().ticket, status } }))
    })
    expect(problems).toContain('unexpected: comment_1 exists, and no client wrote it')
    expect(problems).toContain('lost: event evt_4 has the sequence 4, after 2')
    expect(problems.filter((problem) => problem.startsWith('wrong: '))).toEqual([
      expect.stringContaining('version 9'),
      expect.stringContaining('another ticket.status_changed'),
      expect.stringContaining('the chain'),
    ])
  })

  it('report a deletion that left the comment, and a deletion without an event', async () => {
    const comment = { id: 'comment_1', content: CONTENT, is_internal: false }
    const problems = await problemsOf(
      ({ ticket }) => Object.assign(ticket, { comments: [comment], comment_count: 1 }),
      {
        removed: true,
      },
    )
    expect(problems).toContain('wrong: r1w1n2 was deleted, and exists')
    expect(problems).toContain(`partial: ${removalOf('comment_1')} has an event, and the deleted resource exists`)
    const problemsWithoutEvent = await problemsOf(({ events }) => events.pop(), { removed: true })
    expect(problemsWithoutEvent).toContain(`partial: ${removalOf('comment_1')} has no event`)
  })

  it('report a delivery that is not an event, and a delivery with other bytes', () => {
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
      'unexpected: evt_9',
      'wrong: evt_1',
    ])
  })
})

describe('C01 a repeated request', () => {
  const response = (text: string, replayed: boolean): ApiResponse => ({
    status: 201,
    text,
    body: JSON.parse(text),
    headers: new Headers(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
  })
  const body = (id: string, signature = 'a') => `{"data":{"id":"${id}","url":"/f?expires=1&signature=${signature}"}}`

  it('accepts the erased form of a response, and nothing else in it', () => {
    const first = response('{"data":{"id":"one","content":"A"}}', false)
    const erased = (id: string) => response(`{"data":{"id":"${id}","content":"","redacted":true}}`, true)
    expect(comparisonProblems('m', first, erased('one'))).toEqual([])
    expect(comparisonProblems('m', first, erased('two'))).toEqual([expect.stringMatching(/^wrong: m/)])
    expect(comparisonProblems('m', first, response('{"data":{"id":"one","content":""}}', true))).toHaveLength(1)
  })

  it('compares a response with the first one, except for signatures of files', () => {
    const first = response(body('one'), false)
    expect(comparisonProblems('m', first, response(body('one', 'b'), true))).toEqual([])
    expect(comparisonProblems('m', first, response(body('two'), true))).toEqual([expect.stringMatching(/^wrong: m/)])
    expect(comparisonProblems('m', first, response(body('one'), false))).toEqual([
      expect.stringMatching(/^duplicated: m/),
    ])
  })

  it.each([
    ['done before and done twice', true, [false, true], 'duplicated: r1w1n1 ran before'],
    ['not done and returned as a replay', false, [true, true], 'unexpected: r1w1n1'],
    ['done now and then again', false, [false, false], 'duplicated: r1w1n1 ran again'],
  ])('reports a write that was %s', async (_what, before, replays, problem) => {
    const responses = replays.map((replayed) => response(body('one'), replayed))
    const client: Api = {
      send: async () => responses.shift() ?? response(body('one'), true),
      get: () => Promise.reject(new Error('not requested')),
      post: () => Promise.reject(new Error('not requested')),
    }
    const withoutResponse = { ...write('r1w1n1', { kind: 'ticket', ...FIELDS }, null), acknowledged: false }
    const request = { write: withoutResponse, client, method: 'POST', path: '/tickets', body: FIELDS, response: null }
    const { problems } = await retryRequests('', [request], () => before)
    expect(problems).toEqual([expect.stringContaining(problem)])
  })
})
