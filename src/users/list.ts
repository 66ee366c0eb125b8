import { z } from '@hono/zod-openapi'
import { searchBatch } from '../db/search-ready'
import { positionSchema } from '../http/pagination/cursor'
import { findList, type List, mapList } from '../http/pagination/list'
import { asciiLower } from '../lib/text'
import type { ServiceContext } from '../service/context'
import { countUsers, findUsers, type UserFilter } from './list.queries'
import type { UserRow } from './queries'
import { type ListUsersInput, presentUser } from './schema'

const UserPosition = positionSchema(z.object({ at: z.number().int(), id: z.string() }))

/** For agents and admins. Oldest first. Throws 400 for a cursor of another list or of other filters. */
export async function listUsers(
  { db }: ServiceContext,
  input: ListUsersInput,
): Promise<List<ReturnType<typeof presentUser>>> {
  const filter = filterOf(input)
  const { emailNormalized: emailKey, ...rest } = filter
  const scope = { list: 'users', accountId: db.accountId, ...rest, emailKey }
  const keyOf = (user: UserRow) => ({ at: user.created_at, id: user.id })
  const list = await findList(
    input,
    { reader: db, scope, position: UserPosition, keyOf },
    {
      async findPage(window) {
        const { count, users } = await searchBatch(db, filter, (complete) => ({
          count: countUsers(db.accountId, complete),
          users: findUsers(db.accountId, complete, window),
        }))
        return { total: count[0]?.total ?? 0, rows: users }
      },
      async findAfter(window) {
        const page = (complete: UserFilter) => ({ users: findUsers(db.accountId, complete, window) })
        return (await searchBatch(db, filter, page)).users
      },
    },
  )
  return mapList(list, presentUser)
}

function filterOf({ role, status, email, q }: ListUsersInput): UserFilter {
  return { role, status, q, emailNormalized: email === undefined ? undefined : asciiLower(email) }
}
