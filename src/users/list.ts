import { z } from '@hono/zod-openapi'
import { positionSchema, readCursor, toPage, windowFrom, writeCursor } from '../http/pagination/cursor'
import { offsetOf, pageRequest } from '../http/pagination/page'
import { asciiLower } from '../lib/text'
import type { ServiceContext } from '../service/context'
import { countUsers, findUsers, type UserFilter, type UserRow } from './list.queries'
import { type ListUsersInput, presentUser } from './schema'

const UserPosition = positionSchema(z.object({ at: z.number().int(), id: z.string() }))

/** A page of the account's people, oldest first. For agents and admins. */
export async function listUsers({ db }: ServiceContext, input: ListUsersInput) {
  const page = pageRequest(input)
  const filter = filterOf(input)
  const [[count], found] = await db.batch([
    countUsers(db.accountId, filter),
    findUsers(db.accountId, filter, { limit: page.perPage, offset: offsetOf(page) }),
  ])
  return { page, total: count?.total ?? 0, users: found.map(presentUser) }
}

/** As `listUsers`, from a cursor on. Throws 400 for a cursor of another list. */
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
