import type { ApiOperation } from '../../test/helpers/operations'
import { prepareRequest } from '../../test/helpers/sample-requests'
import { type Fixture, pathIdsOf } from './fixture'
import type { Operation, Send, Sender } from './sender'

export type CallerName = Extract<Parameters<Send>[0], string>

export type Path = string | ((fixture: Fixture) => string)

const IDEMPOTENT = { headers: { 'Idempotency-Key': 'new' } }
export const pathOf = (path: Path, fixture: Fixture) => (typeof path === 'string' ? path : path(fixture))

export function reads(
  operationId: string,
  callers: CallerName[],
  path: Path,
  queries: (string | ((fixture: Fixture) => string))[] = [''],
): Operation[] {
  return callers.flatMap((caller) =>
    queries.map((query) => ({
      operationId,
      writes: false,
      name: `${operationId} as ${caller}`,
      async run({ send }: Sender, fixture: Fixture) {
        await send(caller, 'GET', `${pathOf(path, fixture)}${pathOf(query, fixture)}`)
      },
    })),
  )
}

/** Pages by cursor, one resource a page, to the end and back; then from cursors whose resource does not exist. */
export function cursorReads(operationId: string, callers: CallerName[], path: Path, query = ''): Operation[] {
  return callers.map((caller) => ({
    operationId,
    writes: false,
    name: `${operationId} as ${caller} by cursor`,
    async run({ send }: Sender, fixture: Fixture) {
      const base = `${pathOf(path, fixture)}?per_page=1${query}`
      const pages: { next_cursor: string | null; prev_cursor?: string | null }[] = []
      const visit = async (cursor: string) => {
        const { body } = await send(caller, 'GET', `${base}&cursor=${cursor}`)
        const { pagination } = JSON.parse(body)
        if (pagination) pages.push(pagination)
        return pagination
      }
      let last = await visit('')
      for (let page = 0; last?.next_cursor && page < 3; page += 1) last = await visit(last.next_cursor)
      const [, middle] = pages
      if (last?.prev_cursor) await visit(last.prev_cursor)
      for (const cursor of [middle?.next_cursor, middle?.prev_cursor])
        if (cursor) await visit(withMissingResource(cursor))
    },
  }))
}

function withMissingResource(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  return Buffer.from(text.replace(/(comment|attach)_\w+/, '$1_gone')).toString('base64url')
}

/** An operation that is sent twice, as by a client that missed the first response. */
export function twice(operation: Operation): Operation {
  return {
    ...operation,
    name: `${operation.name} and again`,
    async run(sender, fixture) {
      await operation.run(sender, fixture)
      await operation.run(sender, fixture)
    },
  }
}

export function write(
  operationId: string,
  caller: CallerName,
  method: string,
  path: Path,
  body?: unknown,
  headers?: Record<string, string>,
): Operation {
  return {
    operationId,
    writes: true,
    name: `${operationId} as ${caller}`,
    async run({ send }, fixture) {
      const sent = typeof body === 'function' ? body(fixture) : body
      await send(caller, method, pathOf(path, fixture), { body: sent, headers: { ...IDEMPOTENT.headers, ...headers } })
    },
  }
}

export function sample(operation: ApiOperation): Operation {
  const writes = operation.method !== 'GET'
  return {
    operationId: operation.operationId,
    writes,
    name: `${operation.operationId} by its sample request`,
    async run({ send }, fixture) {
      const { caller, method, path, body, headers } = await prepareRequest(
        operation,
        fixture.account,
        pathIdsOf(fixture),
      )
      await send(caller ?? 'anonymous', method, path, {
        body,
        headers: { ...(writes && IDEMPOTENT.headers), ...headers },
      })
    },
  }
}
