import { inside } from '../mutation.ts'

/** The OpenAPI document must not contain what generators of clients cannot read. */
export const DOCUMENT = [
  ...inside('openApiDocument', ['docs/openapi-structure'], (it) => [
    it.call('hoistAnnotations').enclosingStatement().remove(),
  ]),
  ...inside('openApiDocument', ['docs/openapi'], (it) => [it.call('sortParameters').enclosingStatement().remove()]),
  ...inside('hoistAnnotations', ['docs/openapi-structure'], (it) => [it.call('assign').enclosingStatement().remove()]),
  ...inside('webhookRoutes', ['docs/openapi-structure'], (it) => [
    it.property('tags').value().replaceWith("[$1, 'Webhooks']"),
  ]),
]
