import type { ApiOperation } from '../../test/helpers/operations'
import { prepareRequest } from '../../test/helpers/sample-requests'
import { pathIdsOf, type World } from './fixture'
import type { Ask, Asker, Deed } from './sender'

/** Who asks. */
export type By = Extract<Parameters<Ask>[0], string>

/** Where a deed goes, which may depend on what there is. */
export type Path = string | ((world: World) => string)

const keyed = { headers: { 'Idempotency-Key': 'new' } }
/** The path in a world. */
export const pathOf = (path: Path, world: World) => (typeof path === 'string' ? path : path(world))

/** Reads of one path under each of some queries. */
export function reads(
  operation: string,
  by: By[],
  path: Path,
  queries: (string | ((world: World) => string))[] = [''],
): Deed[] {
  return by.flatMap((who) =>
    queries.map((query) => ({
      operation,
      writes: false,
      name: `${operation} as ${who}`,
      async run({ ask }: Asker, world: World) {
        await ask(who, 'GET', `${pathOf(path, world)}${pathOf(query, world)}`)
      },
    })),
  )
}

/** Walks by cursor, one thing a page, to the end and back; then from places where nothing stands any more. */
export function walks(operation: string, by: By[], path: Path, query = ''): Deed[] {
  return by.map((who) => ({
    operation,
    writes: false,
    name: `${operation} as ${who} by cursor`,
    async run({ ask }: Asker, world: World) {
      const base = `${pathOf(path, world)}?per_page=1${query}`
      const pages: { next_cursor: string | null; prev_cursor?: string | null }[] = []
      const visit = async (cursor: string) => {
        const { body } = await ask(who, 'GET', `${base}&cursor=${cursor}`)
        const { pagination } = JSON.parse(body)
        if (pagination) pages.push(pagination)
        return pagination
      }
      let at = await visit('')
      for (let page = 0; at?.next_cursor && page < 3; page += 1) at = await visit(at.next_cursor)
      const [, middle] = pages
      if (at?.prev_cursor) await visit(at.prev_cursor)
      for (const cursor of [middle?.next_cursor, middle?.prev_cursor]) if (cursor) await visit(moved(cursor))
    },
  }))
}

/** The same cursor at a thing that is gone. */
function moved(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  return Buffer.from(text.replace(/(comment|attach)_\w+/, '$1_gone')).toString('base64url')
}

/** A deed that is done twice, as by somebody who has not heard the first answer. */
export function again(deed: Deed): Deed {
  return {
    ...deed,
    name: `${deed.name} and again`,
    async run(asker, world) {
      await deed.run(asker, world)
      await deed.run(asker, world)
    },
  }
}

/** One request that writes, with an idempotency key. */
export function write(
  operation: string,
  by: By,
  method: string,
  path: Path,
  body?: unknown,
  headers?: Record<string, string>,
): Deed {
  return {
    operation,
    writes: true,
    name: `${operation} as ${by}`,
    async run({ ask }, world) {
      const sent = typeof body === 'function' ? body(world) : body
      await ask(by, method, pathOf(path, world), { body: sent, headers: { ...keyed.headers, ...headers } })
    },
  }
}

/** The sample request of an operation, for what the world has. */
export function sample(operation: ApiOperation): Deed {
  const writes = operation.method !== 'GET'
  return {
    operation: operation.operationId,
    writes,
    name: `${operation.operationId} by its sample request`,
    async run({ ask }, world) {
      const { caller, method, path, body, headers } = await prepareRequest(operation, world.account, pathIdsOf(world))
      await ask(caller ?? 'nobody', method, path, { body, headers: { ...(writes && keyed.headers), ...headers } })
    },
  }
}
