import { newId } from '../../src/lib/ids'
import { type Account, createTestMember, createTicket } from './api'
import { createTestKey } from './credentials'
import { files } from './files'
import type { ApiOperation } from './operations'
import { ask, commented } from './tickets'
import { cheapHash } from './users'
import { createTestWebhook } from './webhooks'

/** The password of users that samples create. */
export const PASSWORD = 'a good password'

interface KindOfId {
  prefix: Parameters<typeof newId>[0]
  /** Creates what the ID names, below those that come before it in the path, and returns its ID. */
  create(account: Account, above: Partial<Record<string, string>>): Promise<Record<string, string>>
}

/** The kinds of IDs that paths hold, by the name of the parameter. */
export const PATH_IDS = {
  ticket_id: { prefix: 'ticket', create: ticketWithFiles },
  attachment_id: { prefix: 'attach', create: ticketWithFiles },
  comment_id: {
    prefix: 'comment',
    create: async ({ agent }, { ticket_id = '' }) => ({
      comment_id: (await commented(agent, ticket_id, files('c.txt'))).id,
    }),
  },
  user_id: { prefix: 'user', create: async (account) => ({ user_id: (await createUser(account)).id }) },
  key_id: { prefix: 'key', create: async (account) => ({ key_id: (await createTestKey(account)).id }) },
  webhook_id: { prefix: 'webhook', create: async (account) => ({ webhook_id: (await createTestWebhook(account)).id }) },
  delivery_id: {
    prefix: 'dlv',
    create: async ({ admin }, { webhook_id }) => ({
      delivery_id: (await ask(admin, 'POST', `webhooks/${webhook_id}/test`)).body.data.id,
    }),
  },
} satisfies Record<string, KindOfId>

export type PathIdName = keyof typeof PATH_IDS
export type PathIds = Record<PathIdName, string>

export const PATH_ID_NAMES = Object.keys(PATH_IDS) as PathIdName[]

/** IDs in the right form that name nothing. */
export function missingIds(): PathIds {
  const now = Date.now()
  return Object.fromEntries(PATH_ID_NAMES.map((name) => [name, newId(PATH_IDS[name].prefix, now)])) as PathIds
}

/** Creates what the path of an operation names, and returns the IDs. */
export function createIds(names: readonly string[], account: Account): Promise<Partial<PathIds>> {
  return names.reduce(
    async (before, name) => {
      const ids = await before
      return name in ids ? ids : { ...ids, ...(await kindOf(name).create(account, ids)) }
    },
    Promise.resolve({} as Partial<PathIds>),
  )
}

/** The path of an operation with these IDs, without the prefix. */
export function fillPath({ path }: Pick<ApiOperation, 'path'>, ids: Partial<PathIds>): string {
  return path.slice(1).replace(/\{(\w+)\}/g, (_, name) => {
    kindOf(name)
    const id = ids[name as PathIdName]
    if (!id) throw new Error(`${path} needs a ${name}`)
    return id
  })
}

/** A user with a password that costs next to nothing to check. */
export function createUser(account: Account) {
  return createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
}

function kindOf(name: string): KindOfId {
  const kind: KindOfId | undefined = PATH_IDS[name as PathIdName]
  if (!kind) throw new Error(`{${name}} is a new kind of ID: add it to PATH_IDS in test/helpers/path-ids.ts`)
  return kind
}

async function ticketWithFiles({ customer }: Account): Promise<Record<string, string>> {
  const { id, attachments } = await createTicket(customer, files('a.txt', 'b.txt'))
  return { ticket_id: id, attachment_id: attachments[0].id }
}
