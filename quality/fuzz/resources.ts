import { type NamedOperation, OPERATIONS } from '../../test/helpers/openapi'

export interface Resource {
  /** The path parameter of an item, such as `ticket_id`. */
  name: string
  create: NamedOperation
  list: NamedOperation | undefined
  remove: NamedOperation | undefined
  read: NamedOperation | undefined
}

export function placeholders({ path }: NamedOperation): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}

/** Every `POST` to a collection whose items have a path. */
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

export const ITEM_OPERATIONS: NamedOperation[] = OPERATIONS.filter((operation) => {
  const names = placeholders(operation)
  return (
    names.length > 0 && names.every((name) => NAMES.has(name)) && !RESOURCES.some(({ create }) => create === operation)
  )
})
