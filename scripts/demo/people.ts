import type { users } from '../../src/db/schema/accounts.ts'

export const GLOBEX = 'acct_globex'

export interface Person {
  id: string
  name: string
  email: string
  role: (typeof users.$inferInsert)['role']
}

const person = (id: string, name: string, role: Person['role']): Person => ({
  id: `user_${id}`,
  name,
  email: `${id}@globex.example`,
  role,
})

/** Ada is in ./data.ts: the first admin of the account. */
export const ADA = person('ada', 'Ada', 'admin')

export const AGENTS = [
  person('marta', 'Marta Kowalska', 'agent'),
  person('jonas', 'Jonas Weber', 'agent'),
  person('aiko', 'Aiko Tanaka', 'agent'),
  person('samuel', 'Samuel Okafor', 'agent'),
]

export const CUSTOMERS = [
  person('lena', 'Lena Fischer', 'customer'),
  person('pierre', 'Pierre Dubois', 'customer'),
  person('carmen', 'Carmen Ruiz', 'customer'),
  person('haruto', 'Haruto Sato', 'customer'),
  person('priya', 'Priya Nair', 'customer'),
  person('tom', 'Tom Becker', 'customer'),
  person('ines', 'Inês Almeida', 'customer'),
  person('piotr', 'Piotr Zieliński', 'customer'),
]

export const COLLEAGUES = [...AGENTS, ...CUSTOMERS]
