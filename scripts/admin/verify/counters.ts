import { accountCounters, userCounters, users } from '../../../src/db/schema/accounts.ts'
import { attachments, comments, creatorCounters, ticketCounters, tickets } from '../../../src/db/schema/tickets.ts'
import { webhooks } from '../../../src/db/schema/webhooks.ts'
import { sql } from '../../../src/db/sql.ts'
import { select } from '../../../src/db/statement.ts'
import { sqlText } from '../../lib/sql-text.ts'
import type { ResultRow } from '../statement.ts'
import { readAccount, type Source, type Steps } from '../steps.ts'
import type { CounterTable, Difference } from './repair-counters.ts'

/** How often an account is read again if it is written to in the meantime. */
const ATTEMPTS = 3

/**
 * The counters of an account that differ from a recount. Null if the account was written to during each attempt: the parts
 * of a large account are read one after the other.
 */
export function* compareCounters(accountId: string): Steps<Difference[] | null> {
  for (let attempts = 0; attempts < ATTEMPTS; attempts += 1) {
    const recount = new Recount()
    if (yield* readAccount(accountId, recount.sources, markOf(accountId))) return recount.differences()
  }
  return null
}

/** Every write that changes a counter emits an event, except for those of webhooks, which fit into a page. */
function markOf(accountId: string): string {
  const { eventSequence, lastWriteAt } = accountCounters
  const mark = { sequence: eventSequence, at: lastWriteAt }
  return sqlText(select(mark, sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${accountId}`))
}

class Recount {
  /** What is stored minus what is counted, by table and key. */
  private readonly excess = new Map<string, number>()

  readonly sources: readonly Source[] = [
    {
      table: tickets,
      key: [tickets.number],
      fields: {
        id: tickets.id,
        status: tickets.status,
        priority: tickets.priority,
        assigned_to: tickets.assignedTo,
        created_by: tickets.createdBy,
        tags: tickets.tags,
        public_comments: tickets.publicComments,
        internal_comments: tickets.internalComments,
        public_attachments: tickets.publicAttachments,
        internal_attachments: tickets.internalAttachments,
      },
      add: (row) => this.addTicket(row),
    },
    {
      table: comments,
      key: [comments.id],
      fields: { ticket_id: comments.ticketId, is_internal: comments.isInternal },
      add: (row) => this.add(row.is_internal ? 'internal comments' : 'public comments', [row.ticket_id], -1),
    },
    {
      table: attachments,
      key: [attachments.id],
      fields: { ticket_id: attachments.ticketId, is_internal: attachments.isInternal, size: attachments.size },
      add: (row) => {
        this.add(row.is_internal ? 'internal attachments' : 'public attachments', [row.ticket_id], -1)
        this.add('stored bytes', [], -Number(row.size))
      },
    },
    {
      table: users,
      key: [users.id],
      fields: { kind: users.kind, role: users.role, status: users.status },
      add: ({ kind, role, status }) => kind === 'person' && this.add('user counters', [role, status], -1),
    },
    {
      table: webhooks,
      key: [webhooks.id],
      fields: { active: webhooks.active },
      add: ({ active }) => this.add('active webhooks', [], -Number(active)),
    },
    {
      table: accountCounters,
      key: [accountCounters.accountId],
      fields: { bytes: accountCounters.storedBytes, webhooks: accountCounters.activeWebhooks },
      add: (row) => {
        this.add('stored bytes', [], Number(row.bytes))
        this.add('active webhooks', [], Number(row.webhooks))
      },
    },
    this.stored('ticket counters', ticketCounters, [
      ticketCounters.dimension,
      ticketCounters.value,
      ticketCounters.status,
      ticketCounters.priority,
    ]),
    this.stored('user counters', userCounters, [userCounters.role, userCounters.status]),
    this.stored('assignees of creators', creatorCounters, [creatorCounters.createdBy, creatorCounters.assignedTo]),
  ]

  differences(): Difference[] {
    return [...this.excess].map(([name, excess]) => {
      const [table, ...key] = JSON.parse(name)
      return { table, key, excess }
    })
  }

  /** Counters that agree are forgotten, so that most of a large account's take no memory. */
  private add(table: CounterTable, key: unknown[], count: number): void {
    const name = JSON.stringify([table, ...key])
    const excess = (this.excess.get(name) ?? 0) + count
    if (excess === 0) this.excess.delete(name)
    else this.excess.set(name, excess)
  }

  private stored(
    name: CounterTable,
    table: typeof ticketCounters | typeof userCounters | typeof creatorCounters,
    key: Source['key'],
  ): Source {
    const keys = key.map((_, index) => `key${index}`)
    return {
      table,
      key,
      fields: { count: table.count },
      add: (row) =>
        this.add(
          name,
          keys.map((one) => row[one]),
          Number(row.count),
        ),
    }
  }

  private addTicket(row: ResultRow): void {
    const { status, priority, created_by, tags } = row
    const assignee = row.assigned_to ?? ''
    const entries = [
      ['all', ''],
      ['assignee', assignee],
      ['creator', created_by],
    ]
    for (const tag of JSON.parse(String(tags))) entries.push(['tag', tag])
    for (const entry of entries) this.add('ticket counters', [...entry, status, priority], -1)
    this.add('assignees of creators', [created_by, assignee], -1)
    this.add('public comments', [row.id], Number(row.public_comments))
    this.add('internal comments', [row.id], Number(row.internal_comments))
    this.add('public attachments', [row.id], Number(row.public_attachments))
    this.add('internal attachments', [row.id], Number(row.internal_attachments))
  }
}
