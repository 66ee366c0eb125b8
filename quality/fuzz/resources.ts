import { type NamedOperation, OPERATIONS } from '../../test/helpers/openapi'

/** What can be made, looked at, changed and deleted: a collection that is posted to, and its items. */
export interface Resource {
  /** The placeholder of an item in a path, such as `ticket_id`. */
  name: string
  create: NamedOperation
  list: NamedOperation | undefined
  remove: NamedOperation | undefined
  /** Gives one item; some are only listed. */
  read: NamedOperation | undefined
}

/** The placeholders of a path in their order. */
export function placeholders({ path }: NamedOperation): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}

/** Every resource of the document: where `POST` on a path makes what the path below it names. */
export const RESOURCES: Resource[] = OPERATIONS.filter(({ method }) => method === 'POST').flatMap((create) => {
  const item = OPERATIONS.find(({ path }) => path.replace(/\/\{\w+\}$/, '') === create.path && path !== create.path)
  const name = item && placeholders(item).at(-1)
  if (name === undefined) return []
  const of = (path: string) => OPERATIONS.find((operation) => operation.method === 'GET' && operation.path === path)
  const read = OPERATIONS.find(({ method, path }) => method === 'GET' && path.endsWith(`/{${name}}`))
  const remove = OPERATIONS.find(({ method, path }) => method === 'DELETE' && path.endsWith(`/{${name}}`))
  return [{ name, create, remove, list: of(create.path), read }]
})

const NAMES = new Set(RESOURCES.map(({ name }) => name))

/** Every operation on one item of a resource, whatever it does. */
export const USES: NamedOperation[] = OPERATIONS.filter((operation) => {
  const names = placeholders(operation)
  return (
    names.length > 0 && names.every((name) => NAMES.has(name)) && !RESOURCES.some(({ create }) => create === operation)
  )
})
