import { inside } from '../mutation.ts'

/** The OpenAPI document must not contain what generators of clients cannot read. */
export const DOCUMENT = [
  ...inside('openApiDocument', ['http/openapi-structure'], (it) => [
    it.call('hoistAnnotations').enclosingStatement().remove(),
  ]),
  ...inside('hoistAnnotations', ['http/openapi-structure'], (it) => [it.call('assign').enclosingStatement().remove()]),
  ...inside('webhookRoutes', ['http/openapi-structure'], (it) => [
    it.property('tags').value().replaceWith("[$1, 'Webhooks']"),
  ]),
]
