import { newId } from '../../src/lib/ids'
import { type Account, createTestMember, createTicket } from './api'
import { createTestKey } from './credentials'
import { files } from './files'
import type { ApiOperation } from './operations'
import { callAs, createComment } from './tickets'
import { cheapHash } from './users'
import { createTestWebhook } from './webhooks'

export const PASSWORD = 'a good password'

interface KindOfId {
  prefix: Parameters<typeof newId>[0]
  /** Returns the IDs of the new resource and its parents. `above` are the IDs that come before it in the path. */
  create(account: Account, above: Partial<Record<string, string>>): Promise<Record<string, string>>
}

export const PATH_IDS = {
  ticket_id: { prefix: 'ticket', create: ticketWithFiles },
  attachment_id: { prefix: 'attach', create: ticketWithFiles },
  comment_id: {
    prefix: 'comment',
    create: async ({ agent }, { ticket_id = '' }) => ({
      comment_id: (await createComment(agent, ticket_id, files('c.txt'))).id,
    }),
  },
  user_id: { prefix: 'user', create: async (account) => ({ user_id: (await createUser(account)).id }) },
  key_id: { prefix: 'key', create: async (account) => ({ key_id: (await createTestKey(account)).id }) },
  webhook_id: { prefix: 'webhook', create: async (account) => ({ webhook_id: (await createTestWebhook(account)).id }) },
  delivery_id: {
    prefix: 'dlv',
    create: async ({ admin }, { webhook_id }) => ({
      delivery_id: (await callAs(admin, 'POST', `webhooks/${webhook_id}/test`)).body.data.id,
    }),
  },
} satisfies Record<string, KindOfId>

export type PathIdName = keyof typeof PATH_IDS
export type PathIds = Record<PathIdName, string>

export const PATH_ID_NAMES = Object.keys(PATH_IDS) as PathIdName[]

/** Well-formed IDs of resources that do not exist. */
export function missingIds(): PathIds {
  const now = Date.now()
  return Object.fromEntries(PATH_ID_NAMES.map((name) => [name, newId(PATH_IDS[name].prefix, now)])) as PathIds
}

export function createIds(names: readonly string[], account: Account): Promise<Partial<PathIds>> {
  return names.reduce(
    async (before, name) => {
      const ids = await before
      return name in ids ? ids : { ...ids, ...(await kindOf(name).create(account, ids)) }
    },
    Promise.resolve({} as Partial<PathIds>),
  )
}

/** Without the version prefix. */
export function fillPath({ path }: Pick<ApiOperation, 'path'>, ids: Partial<PathIds>): string {
  return path.slice(1).replace(/\{(\w+)\}/g, (_, name) => {
    kindOf(name)
    const id = ids[name as PathIdName]
    if (!id) throw new Error(`${path} needs a ${name}`)
    return id
  })
}

/** The password hash is cheap to check. */
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
