import { of } from '../mutation.ts'

/** What generators of clients cannot read must stay out of the OpenAPI document. */
export const DOCUMENT = [
  ...of('openapi/document.ts', ['http/openapi-structure'], [['  hoistAnnotations(document)\n', '']]),
  ...of('openapi/annotations.ts', ['http/openapi-structure'], [['  Object.assign(node, ...annotations)\n', '']]),
  ...of(
    'openapi/webhooks.ts',
    ['http/openapi-structure'],
    [['tags: [WEBHOOK_EVENTS_TAG]', "tags: [WEBHOOK_EVENTS_TAG, 'Webhooks']"]],
  ),
]
