import { accountCounters, accounts, users } from '../src/db/schema/accounts.ts'
import type { Statement } from '../src/db/statement.ts'
import { insertSelect } from '../src/db/write.ts'

interface NewAccount {
  id: string
  slug: string
  /** The number of its tickets, which other statements insert. */
  tickets: number
  user: { id: string; name: string; email: string; role: 'admin' | 'agent' }
  createdAt: number
}

/** A premium account with one user. */
export function insertAccount({ id, slug, tickets, user, createdAt }: NewAccount): Statement[] {
  return [
    insertSelect(accounts, { id, slug, name: slug, plan: 'premium', allowRegistration: 0, createdAt }),
    insertSelect(accountCounters, { accountId: id, ticketNumber: tickets, eventSequence: 0 }),
    insertSelect(users, {
      ...user,
      accountId: id,
      kind: 'person',
      emailNormalized: user.email,
      status: 'active',
      tokenVersion: 1,
      createdAt,
    }),
  ]
}
