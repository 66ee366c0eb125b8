import { faultsOf } from './json-schema'
import { resolved } from './openapi'
import type { ApiOperation } from './operations'

/** Another valid body: one with a different field, or another example of the OpenAPI document. */
export function differentBody({ operationId, requestBody }: ApiOperation, body: unknown): unknown {
  if (typeof body === 'string') return `${body}, and more`
  const media = requestBody?.content['application/json']
  if (!media) throw new Error(`${operationId} takes no JSON`)
  const examples = Object.values(media.examples ?? {}).map((each) => resolved<{ value: unknown }>(each).value)
  const found = [...variationsOf(Object(body)), media.example, ...examples].find(
    (other) =>
      other !== undefined &&
      JSON.stringify(other) !== JSON.stringify(body) &&
      faultsOf(other, media.schema).length === 0,
  )
  if (found === undefined)
    throw new Error(
      `${operationId} needs a second example of its body, next to its route: there is no other valid body`,
    )
  return found
}

/** Each differs from the body in one field, or lacks one. */
function variationsOf(body: Record<string, unknown>): unknown[] {
  return Object.entries(body).flatMap(([name, value]) => {
    const { [name]: _, ...without } = body
    return [...othersLike(value).map((other) => ({ ...body, [name]: other })), without]
  })
}

function othersLike(value: unknown): unknown[] {
  if (typeof value === 'string') return [`${value}x`]
  if (typeof value === 'number') return [value + 1]
  return typeof value === 'boolean' ? [!value] : []
}
