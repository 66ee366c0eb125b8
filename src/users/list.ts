import { z } from '@hono/zod-openapi'
import { positionSchema, readCursor, toPage, windowFrom, writeCursor } from '../http/pagination/cursor'
import { offsetOf, pageRequest } from '../http/pagination/page'
import { asciiLower } from '../lib/text'
import type { ServiceContext } from '../service/context'
import { countUsers, findUsers, type UserFilter } from './list.queries'
import type { UserRow } from './queries'
import { type ListUsersInput, presentUser } from './schema'

const UserPosition = positionSchema(z.object({ at: z.number().int(), id: z.string() }))

/** For agents and admins. Oldest first. */
export async function listUsers({ db }: ServiceContext, input: ListUsersInput) {
  const page = pageRequest(input)
  const filter = filterOf(input)
  const { count, users } = await db.batch({
    count: countUsers(db.accountId, filter),
    users: findUsers(db.accountId, filter, { limit: page.perPage, offset: offsetOf(page) }),
  })
  return { page, total: count[0]?.total ?? 0, users: users.map(presentUser) }
}

/** As `listUsers`, by cursor. Throws 400 for a cursor of another list or of other filters. */
export async function listUsersByCursor({ db }: ServiceContext, input: ListUsersInput) {
  const filter = filterOf(input)
  const { emailNormalized: emailKey, ...rest } = filter
  // A hash of these names and values is in the cursors that clients have.
  const scope = { list: 'users', accountId: db.accountId, ...rest, emailKey }
  const position = readCursor(db, scope, input.cursor, UserPosition)
  const { perPage } = pageRequest(input)
  const found = await db.all(findUsers(db.accountId, filter, windowFrom(position, perPage)))
  const keyOf = (user: UserRow) => ({ at: user.created_at, id: user.id })
  const { shown, cursors } = toPage(found, perPage, position, keyOf, (at) => writeCursor(db, scope, at))
  return { perPage, cursors, users: shown.map(presentUser) }
}

function filterOf({ role, status, email, q }: ListUsersInput): UserFilter {
  return { role, status, q, emailNormalized: email === undefined ? undefined : asciiLower(email) }
}
