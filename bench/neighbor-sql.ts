import { sqlText } from '../scripts/lib/sql-text.ts'
import { tickets } from '../src/db/schema/tickets.ts'
import { newSearchId } from '../src/db/search-id.ts'
import { tokenText } from '../src/db/search-text.ts'
import { type SQL, sql } from '../src/db/sql.ts'
import type { Statement } from '../src/db/statement.ts'
import { insertSelect } from '../src/db/write.ts'
import { insertAccount } from './account-sql.ts'
import type { Caller } from './neighbor-requests.ts'

export const CALLERS: Record<Caller, { accountId: string; userId: string }> = {
  small: { accountId: 'acct_small', userId: 'user_small' },
  fullSize: { accountId: 'acct_fullsize', userId: 'user_fullsize' },
}

/** At different times, because search IDs are made of the time and the number. */
const CREATED_AT: Record<Caller, number> = { small: Date.UTC(2026, 10, 1), fullSize: Date.UTC(2026, 10, 2) }
/** A page of tickets of the largest size that the API accepts. */
const FULL_SIZE_TICKETS = 100
const TITLE = 'The report number '
const LONGEST_TEXT = 'It does not work. '.repeat(3_640)
const MOST_FIELDS = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => [String(index).padStart(64, 'k'), '€'.repeat(1_000)]),
)

/** Inserts an account with two tickets, and one with a page of tickets of full size. */
export function neighborhoodSql(): string[] {
  return [
    ...accountSql('small', 2),
    ticketsSql('small', 2, { description: 'It does not work', customFields: '{}' }),
    ...accountSql('fullSize', FULL_SIZE_TICKETS),
    ticketsSql('fullSize', FULL_SIZE_TICKETS, { description: LONGEST_TEXT, customFields: JSON.stringify(MOST_FIELDS) }),
  ].map(sqlText)
}

function accountSql(caller: Caller, count: number): Statement[] {
  const { accountId, userId } = CALLERS[caller]
  const user = { id: userId, name: 'Ann', email: `ann@${caller.toLowerCase()}.example`, role: 'agent' } as const
  return insertAccount({
    id: accountId,
    slug: caller.toLowerCase(),
    tickets: count,
    user,
    createdAt: CREATED_AT[caller],
  })
}

function ticketsSql(caller: Caller, count: number, texts: { description: string; customFields: string }): Statement {
  const { accountId, userId } = CALLERS[caller]
  const createdAt = CREATED_AT[caller]
  const numbers: SQL = sql`FROM json_each(${JSON.stringify(Array.from({ length: count }, (_, index) => index + 1))})`
  return insertSelect(
    tickets,
    {
      accountId,
      id: sql`${`ticket_${caller}`} || value`,
      number: sql`value`,
      version: 1,
      title: sql`${TITLE} || value`,
      ...texts,
      status: 'open',
      priority: 'low',
      createdBy: userId,
      assignedTo: null,
      tags: '["tag7"]',
      createdAt,
      updatedAt: createdAt,
      searchId: newSearchId(sql`${createdAt}`, sql`value`),
      titleTokens: sql`${tokenText(accountId, TITLE)} || ' ' || value`,
      descriptionTokens: tokenText(accountId, texts.description),
    },
    numbers,
  )
}
