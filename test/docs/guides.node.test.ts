import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { faultsOf } from '../helpers/json-schema'
import { anchorsOf, GUIDES, guideBlocks, isReceiver, proseOf, TOOLCHAIN_LANGUAGES } from '../helpers/node/guides.ts'
import { type JsonSchema, openapi } from '../helpers/openapi'

/** What the guides say, as far as it can be checked without a server. */

/** How many blocks of commands are not run, by the reason that they name. */
const EXEMPT = {
  'needs a Cloudflare account': 8,
  // `hand-made-state.e2e.test.ts` runs it in a copy.
  'it would overwrite the secret of this folder': 1,
}

/** Contract: the codes of `details`. */
const DETAIL_CODES = [
  ...['required', 'unknown_field', 'unknown_parameter', 'invalid_type', 'invalid_value', 'invalid_format', 'too_short'],
  ...['too_long', 'too_many', 'too_large', 'not_found', 'already_exists', 'not_allowed', 'conflicting_fields'],
]

const STATUSES: Record<string, number> = {
  invalid_input: 400,
  unauthorized: 401,
  invalid_credentials: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  cursor_expired: 410,
  length_required: 411,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  validation_error: 422,
  rate_limited: 429,
  internal_error: 500,
  unavailable: 503,
}

const textOf = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const errors = textOf('docs/guides/errors.md')
const { schemas } = openapi.components
const codes = (schemas.ErrorCode as { enum: string[] }).enum

describe('a block of a guide', () => {
  it('has a language that a test runs or validates', () => {
    const isTested = ({ language, file }: (typeof guideBlocks)[number]) =>
      ['sh', 'ts', 'json'].includes(language) || (TOOLCHAIN_LANGUAGES.includes(language) && file !== null)
    expect(guideBlocks.filter((block) => !isTested(block)).map(({ location }) => location)).toEqual([])
  })

  it('has no unused attribute', () => {
    expect(guideBlocks.filter(({ unknown }) => unknown !== '')).toEqual([])
  })

  it('is run unless it gives a reason', () => {
    const exempt = guideBlocks.flatMap(({ language, exempt }) => (exempt === null ? [] : [{ language, exempt }]))
    expect(new Set(exempt.map(({ language }) => language))).toEqual(new Set(['sh']))
    const counts = Map.groupBy(exempt, (block) => block.exempt)
    expect(Object.fromEntries([...counts].map(([reason, { length }]) => [reason, length]))).toEqual(EXEMPT)
    // VitePress reads digits, commas and hyphens after a language as the lines to highlight.
    for (const reason of Object.keys(EXEMPT)) expect(reason).toMatch(/^[A-Za-z ]+$/)
  })

  it.each(guideBlocks.filter(({ language }) => language === 'json'))('is valid by its schema: $location', (block) => {
    const value: unknown = JSON.parse(block.code)
    expect(faultsOf(value, schemaFor(value, block.schema))).toEqual([])
  })

  it('has programs with distinct names', () => {
    const files = guideBlocks.flatMap(({ language, file }) => (file === null ? [] : [`${language}/${file}`]))
    expect(new Set(files).size).toBe(files.length)
    expect(guideBlocks.filter(isReceiver).length).toBeGreaterThanOrEqual(7)
  })
})

/** An error and an event are recognized; everything else names its schema. */
function schemaFor(value: unknown, name: string | null): JsonSchema {
  if (name !== null) return schemas[name] ?? {}
  const { error, event } = Object(value)
  if (event !== undefined) {
    const type = openapi.webhooks[event]?.post?.requestBody?.content['application/json']?.schema
    if (type) return type
  }
  if (error === undefined) throw new Error('the block is neither an error nor an event, and names no schema')
  return schemas.Error ?? {}
}

describe('the examples of errors', () => {
  const bodies = guideBlocks.flatMap(({ code, language, shown, location }) =>
    [language === 'json' ? code : '', shown?.kind === 'json' ? shown.text : '']
      .filter((text) => text.includes('"error": {'))
      .map((text) => ({ location, body: JSON.parse(text) })),
  )

  it.each(bodies)('have the whole form: $location', ({ body: { error } }) => {
    expect(Object.keys(error)).toEqual(['code', 'message', 'details', 'documentation_url', 'request_id'])
    expect(codes).toContain(error.code)
    expect(error.documentation_url).toBe(`http://localhost:3000/docs/guides/errors#${error.code}`)
    for (const detail of error.details) {
      expect(Object.keys(detail)).toEqual(['field', 'message', 'code'])
      expect(DETAIL_CODES).toContain(detail.code)
    }
  })
})

describe('the guide of errors', () => {
  it('has a section for each code, with its status and an example', () => {
    const sections = [...errors.matchAll(/^## (\w+) \{#(\w+)\}\n\n\*\*(\d{3})\.\*\*(.*?)(?=^## )/gms)]
    const described = sections.map(([, code, anchor, status, text = '']) => ({
      code: anchor === code ? code : `${code} has the anchor ${anchor}`,
      status: Number(status),
      hasExample: text.includes(`"code": "${code}"`),
    }))
    const expected = codes.map((code) => ({ code, status: STATUSES[code], hasExample: true }))
    const byCode = (a: { code?: string | undefined }, b: { code?: string | undefined }) =>
      String(a.code).localeCompare(String(b.code))
    expect(described.toSorted(byCode)).toEqual(expected.toSorted(byCode))
  })

  it('says for each code whether to retry', () => {
    const rows = [...errors.matchAll(/^\| (\d{3}) \| \[`(\w+)`\]\(#(\w+)\) \|/gm)]
    expect(rows.map(([, , code]) => code).toSorted()).toEqual([...codes].toSorted())
    for (const [, status, code = '', anchor] of rows) expect([Number(status), anchor]).toEqual([STATUSES[code], code])
  })

  it('lists the codes of details', () => {
    const [, list = ''] = errors.split('## Detail codes')
    expect([...list.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)).toEqual(DETAIL_CODES)
  })
})

describe('the text of the guides', () => {
  it.each(['README.md', 'CONTRIBUTING.md', 'docs/guides/getting-started.md'])(
    'names the Node.js of package.json: %s',
    (path) => {
      const { engines } = JSON.parse(textOf('package.json'))
      const versions = [...engines.node.matchAll(/(\d+\.\d+)\.\d+/g)].map(([, version]) => version)
      expect(versions).toHaveLength(2)
      for (const version of versions) expect(textOf(path)).toContain(version)
    },
  )

  it.each(GUIDES)('has one title and a summary before the first section: %s', (path) => {
    const lines = textOf(path)
    expect(lines).toMatch(/^# [A-Z][^\n]+\n\n[A-Z`]/)
    expect([...proseOf(path).matchAll(/^# /gm)]).toHaveLength(1)
  })

  it.each(GUIDES)('has distinct anchors, and links that exist: %s', (path) => {
    const anchors = anchorsOf(path)
    expect(new Set(anchors).size).toBe(anchors.length)
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    const links = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    for (const link of links.filter((one) => !/^(https?:|\/)/.test(one))) {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : `${folder}${file}`
      expect(GUIDES, link).toContain(target)
      if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor)
    }
  })
})
