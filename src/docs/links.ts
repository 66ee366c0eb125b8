interface LinkedResponse {
  links?: Record<string, Link>
}
interface Operation {
  operationId?: string
  responses?: Record<string, LinkedResponse>
}
interface Link {
  operationId: string
  description: string
  parameters: Record<string, string>
}

const METHODS = ['get', 'post', 'patch', 'delete'] as const
const LAST_PARAMETER = /^(.*)\/\{(\w+)\}/

/** The path of an attachment is not below the path that creates it. */
const CREATED_AT: Record<string, string> = { '/attachments/{attachment_id}': '/tickets/{ticket_id}/attachments' }

/**
 * Adds `links` to each 201 response: the operations that take the ID of the new resource, whose path is that of the creation
 * and one parameter. Modifies the document.
 */
export function linkCreations(paths: object): void {
  const items = Object.entries(paths) as [string, Record<string, Operation>][]
  for (const [path, { post }] of items) {
    const created = post?.responses?.['201']
    const links = created && Object.fromEntries(items.flatMap(([target, item]) => linksTo(path, target, item)))
    if (links && Object.keys(links).length > 0) created.links = links
  }
}

function linksTo(from: string, target: string, item: Record<string, Operation>): [string, Link][] {
  const [, parent, name] = LAST_PARAMETER.exec(target) ?? []
  if (name === undefined || (CREATED_AT[target] ?? parent) !== from) return []
  const known = parametersOf(from)
  const needed = new Set(parametersOf(target))
  const parameters = {
    ...Object.fromEntries(known.filter((each) => needed.has(each)).map((each) => [each, `$request.path.${each}`])),
    [name]: '$response.body#/data/id',
  }
  return METHODS.flatMap((method) => {
    const operationId = item[method]?.operationId
    const description = `The \`${name}\` of \`${operationId}\` is the \`id\` of the new resource.`
    return operationId === undefined ? [] : [[operationId, { operationId, description, parameters }]]
  })
}

function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? [])
}
