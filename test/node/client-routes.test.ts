import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { requestsOfEveryMethod } from './helpers/every-method.ts'

const METHODS = new Set(['get', 'post', 'patch', 'put', 'delete'])
const Paths = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

describe('every route of the OpenAPI document', () => {
  const { paths } = Paths.parse(JSON.parse(readFileSync(`${ROOT}openapi.json`, 'utf8')))
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).flatMap((key) => (METHODS.has(key) ? [`${key.toUpperCase()} ${path}`] : [])),
  )

  const ofTheRoot = (operation: string) => /\/(health|openapi\.json|files\/.*|docs.*)$/.test(operation)

  it('has a method of the client', async () => {
    const sent = await requestsOfEveryMethod()
    const expected = operations.filter((one) => !ofTheRoot(one)).map((one) => one.replace(/\{\w+\}/g, '1'))
    const advice = 'a method is missing in src/client, or sends what the document does not have'
    expect(sent.toSorted(), advice).toEqual(expected.toSorted())
  })

  it('is in docs/api.md', () => {
    const table = readFileSync(`${ROOT}docs/api.md`, 'utf8')
    const listed = [...table.matchAll(/`([A-Z]+(?:, [A-Z]+)*) (\/\S+)`/g)].flatMap(([, methods = '', path = '']) =>
      methods.split(', ').map((method) => `${method} ${path}`),
    )
    const advice = 'a line is missing in docs/api.md, or lists what the document does not have'
    expect(listed.toSorted(), advice).toEqual(operations.toSorted())
  })
})
