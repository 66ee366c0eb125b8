import { describe, expect, it } from 'vitest'
import type { Answer, Api } from '../../test/helpers/node/api.ts'
import { checkChains, checkDeeds, checkDeliveries, checkSequences } from './check-events.ts'
import { checkThings } from './check-resources.ts'
import { type Deed, type Ledger, removalOf, type Sent } from './operations.ts'
import { comparisonProblems, sendAgain } from './send-again.ts'
import { readEvent, type Ticket, TicketAnswer, type Told } from './shapes.ts'

/** What the checks of a crash say of histories that are not as they should be. */

const FIELDS = { title: 'r1w1n1 A', description: 'B', priority: 'low', tags: ['r1w1n1'] }
const CONTENT = 'r1w1n2 C'

/** A ticket with a comment, which is removed again or may be, as writers have noted it. */
function history({ removed }: { removed: boolean }) {
  const deeds = [
    deed('r1w1n1', { kind: 'ticket', ...FIELDS }, 'ticket_1'),
    deed('r1w1n2', { kind: 'comment', ticketId: 'ticket_1', content: CONTENT, is_internal: false }, 'comment_1'),
    ...(removed
      ? [deed('-comment_1', { kind: 'removal', ticketId: 'ticket_1', of: 'r1w1n2', isInternal: false }, null)]
      : []),
  ]
  const ledger: Ledger = new Map(deeds.map((one) => [one.marker, one]))
  const comments = removed ? [] : [{ id: 'comment_1', content: CONTENT, is_internal: false }]
  const ticket = ticketWith({ version: removed ? 3 : 2, comments, comment_count: comments.length })
  const events = [
    event(1, 'ticket.created', { ticket: { id: 'ticket_1', ...FIELDS, status: 'open', attachments: [] } }),
    event(2, 'comment.created', { ...about(), comment: { content: CONTENT, is_internal: false, attachments: [] } }),
    ...(removed ? [removalEvent(3)] : []),
  ]
  return { deeds, ledger, ticket, events }
}

function deed(marker: string, sent: Sent, id: string | null): Deed {
  return { marker, round: 1, sent, files: [], acknowledged: true, id }
}

function ticketWith(fields: object): Ticket {
  const empty = { comments: [], comment_count: 0, attachments: [], attachment_count: 0 }
  const data = { id: 'ticket_1', version: 1, ...FIELDS, status: 'open', custom_fields: {}, ...empty, ...fields }
  return TicketAnswer.parse({ data }).data
}

const about = () => ({ ticket: { id: 'ticket_1', title: FIELDS.title, status: 'open' } })

function event(sequence: number, name: string, data: object): Told {
  return readEvent({ id: `evt_${sequence}`, sequence, event: name, data })
}

function removalEvent(sequence: number): Told {
  const changes = { comments: { previous: { id: 'comment_1' }, current: null } }
  return event(sequence, 'ticket.updated', { ...about(), changes })
}

/** All that is said of a history. */
async function said(change: (of: ReturnType<typeof history>) => void, options = { removed: false }) {
  const of = { tickets: [] as Ticket[], ...history(options) }
  change(of)
  const tickets = of.tickets.length > 0 ? of.tickets : [of.ticket]
  const { there, problems } = await checkThings(tickets, [], of.deeds, of.ledger)
  return [
    ...problems,
    ...checkSequences(of.events),
    ...checkDeeds(of.events, of.deeds, of.ledger, there),
    ...checkChains(tickets, of.events, of.ledger),
  ]
}

describe('F01 the checks after a crash', () => {
  it.each([false, true])('say nothing of a history that is whole (with a removal: %s)', async (removed) => {
    expect(await said(() => undefined, { removed })).toEqual([])
  })

  it('tell of an acknowledged comment that is lost', async () => {
    const problems = await said(({ ticket }) => Object.assign(ticket, { comments: [], comment_count: 0 }))
    expect(problems).toContain('lost: r1w1n2 (comment)')
    expect(problems).toContain('halved: r1w1n2 is told, and is not there')
  })

  it('tell of a ticket, and of a comment, that are there twice', async () => {
    const problems = await said((of) => {
      const [comment] = of.ticket.comments
      Object.assign(of.ticket, { comments: [comment, comment], comment_count: 2 })
      of.events.push(event(3, 'comment.created', of.events[1]?.data ?? {}))
    })
    expect(problems).toContain('doubled: r1w1n2 is there twice')
    expect(problems).toContain('doubled: r1w1n2 is told twice')
  })

  it('tell of a change that was halved: no event, no file, another text', async () => {
    expect(await said(({ events }) => events.pop())).toContain('halved: r1w1n2 happened, and has no event')
    const halves = await said(({ ledger, ticket }) => {
      ledger.get('r1w1n1')?.files.push({ filename: 'r1w1n1-0.bin', size: 1, sha256: 'ab' })
      ticket.description = 'other'
    })
    expect(halves).toContain('halved: description of r1w1n1 is "other"')
    expect(halves).toContain('halved: without its r1w1n1-0.bin, 1 bytes, ab')
    expect(halves).toContain('halved: r1w1n1 is not told as it was sent')
  })

  it('tell of what nobody did, of holes, and of versions and chains that break', async () => {
    const problems = await said((of) => {
      of.ledger.delete('r1w1n2')
      of.ticket.version = 9
      const status = { previous: 'closed', current: 'open' }
      of.events.push(event(4, 'ticket.status_changed', { ticket: { ...about().ticket, status } }))
    })
    expect(problems).toContain('invented: comment_1 is there, and nobody wrote it')
    expect(problems).toContain('lost: event evt_4 has the sequence 4, the one before it 2')
    expect(problems.filter((problem) => problem.startsWith('wrong: '))).toEqual([
      expect.stringContaining('version 9'),
      expect.stringContaining('another ticket.status_changed'),
      expect.stringContaining('the chain'),
    ])
  })

  it('tell of a removal that left the comment, and of one without an event', async () => {
    const comment = { id: 'comment_1', content: CONTENT, is_internal: false }
    const left = await said(({ ticket }) => Object.assign(ticket, { comments: [comment], comment_count: 1 }), {
      removed: true,
    })
    expect(left).toContain('wrong: r1w1n2 was removed, and is there')
    expect(left).toContain(`halved: ${removalOf('comment_1')} is told, and what it removed is there`)
    const untold = await said(({ events }) => events.pop(), { removed: true })
    expect(untold).toContain(`halved: ${removalOf('comment_1')} happened, and has no event`)
  })

  it('tell of a delivery that is no event, and of one with other bytes', () => {
    const { events } = history({ removed: false })
    const [first] = events
    const delivered = (told: Told) => ({ event: told, at: 0, body: Buffer.alloc(0) })
    const deliveries = new Map([
      ['evt_9', delivered(event(9, 'comment.created', events[1]?.data ?? {}))],
      ['evt_1', delivered({ ...event(1, 'ticket.created', first?.data ?? {}), whole: 'other' })],
    ])
    const problems = checkDeliveries(events, {
      url: '',
      secret: '',
      deliveries,
      knows: () => true,
      requests: () => 2,
      takeProblems: () => [],
      close: () => undefined,
    })
    expect(problems.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      'invented: evt_9',
      'wrong: evt_1',
    ])
  })
})

describe('C01 sending again', () => {
  const answer = (text: string, replayed: boolean): Answer => ({
    status: 201,
    text,
    body: JSON.parse(text),
    headers: new Headers(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
  })
  const body = (id: string, signature = 'a') => `{"data":{"id":"${id}","url":"/f?expires=1&signature=${signature}"}}`

  it('holds an answer against the first one, but for signatures of files', () => {
    const first = answer(body('one'), false)
    expect(comparisonProblems('m', first, answer(body('one', 'b'), true))).toEqual([])
    expect(comparisonProblems('m', first, answer(body('two'), true))).toEqual([expect.stringMatching(/^wrong: m/)])
    expect(comparisonProblems('m', first, answer(body('one'), false))).toEqual([expect.stringMatching(/^doubled: m/)])
  })

  it.each([
    ['done before and done again', true, [false, true], 'doubled: r1w1n1 had been done'],
    ['not done and told as a replay', false, [true, true], 'invented: r1w1n1'],
    ['done now and then once more', false, [false, false], 'doubled: r1w1n1 was done again'],
  ])('tells of a deed that was %s', async (_what, before, replays, problem) => {
    const answers = replays.map((replayed) => answer(body('one'), replayed))
    const by: Api = {
      send: async () => answers.shift() ?? answer(body('one'), true),
      get: () => Promise.reject(new Error('not asked for')),
      post: () => Promise.reject(new Error('not asked for')),
    }
    const unanswered = { ...deed('r1w1n1', { kind: 'ticket', ...FIELDS }, null), acknowledged: false }
    const request = { deed: unanswered, by, method: 'POST', path: '/tickets', body: FIELDS, answer: null }
    const { problems } = await sendAgain('', [request], () => before)
    expect(problems).toEqual([expect.stringContaining(problem)])
  })
})
