import type { ServiceContext } from '../context'
import { offsetOf, pageRequest } from '../http/pagination'
import { countUsers, findUsers } from './queries'
import { type ListUsersInput, presentUser } from './schema'

export { UserRef } from './schema'

/** A page of the account's people. For agents and admins. */
export async function listUsers({ db }: ServiceContext, input: ListUsersInput) {
  const page = pageRequest(input)
  const [[count], found] = await db.batch([
    countUsers(db.accountId, input),
    findUsers(db.accountId, input, page.perPage, offsetOf(page)),
  ])
  return { page, total: count?.total ?? 0, users: found.map(presentUser) }
}
