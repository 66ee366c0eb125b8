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

/** An attachment is read at an address of its own, which does not lie below that of its creation. */
const ELSEWHERE: Record<string, string> = { '/attachments/{attachment_id}': '/tickets/{ticket_id}/attachments' }

/**
 * Tells in the answer of each creation which operations take the new thing's ID: those whose path goes on from the
 * creation's with one parameter more. Changes `paths`, which are those of a document.
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
  if (name === undefined || (ELSEWHERE[target] ?? parent) !== from) return []
  const given = parametersOf(from)
  const taken = new Set(parametersOf(target))
  const parameters = {
    ...Object.fromEntries(given.filter((known) => taken.has(known)).map((known) => [known, `$request.path.${known}`])),
    [name]: '$response.body#/data/id',
  }
  return METHODS.flatMap((method) => {
    const operationId = item[method]?.operationId
    const description = `The \`${name}\` of \`${operationId}\` is the \`id\` of what was made.`
    return operationId === undefined ? [] : [[operationId, { operationId, description, parameters }]]
  })
}

function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? [])
}
