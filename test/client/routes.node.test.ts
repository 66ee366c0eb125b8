import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { requestsOfEveryMethod } from '../helpers/node/every-method.ts'
import { type NamedOperation, OPERATIONS } from '../helpers/openapi.ts'
import { API_OPERATIONS, accessOf } from '../helpers/operations.ts'

/** Such as `admins; no API keys`, as in docs/api.md. */
function callersOf(operation: NamedOperation): string {
  const { roles, apiKeys } = accessOf(operation)
  if (roles === null) return 'everyone'
  return `${roles.map((role) => `${role}s`).join(', ')}${apiKeys ? '' : '; no API keys'}`
}

describe('every route of the OpenAPI document', () => {
  it('has a method in the client', async () => {
    const sent = await requestsOfEveryMethod()
    const expected = API_OPERATIONS.map(({ name }) => name.replace(/\{\w+\}/g, '1'))
    const advice = 'a method is missing in packages/client/src, or sends what the document does not have'
    expect(sent.toSorted(), advice).toEqual(expected.toSorted())
  })

  it('is in docs/api.md, with its roles', () => {
    const table = readFileSync(`${ROOT}docs/api.md`, 'utf8')
    const listed = [...table.matchAll(/^\| `([A-Z]+ \/\S+)` \| .+ \| (.+) \|$/gm)].map(
      ([, name, callers]) => `${name}: ${callers}`,
    )
    const expected = OPERATIONS.map((operation) => `${operation.method} ${operation.path}: ${callersOf(operation)}`)
    const advice = 'docs/api.md needs a line for each route, and the roles that its guard lets in'
    expect(listed.toSorted(), advice).toEqual(expected.toSorted())
  })
})
