import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { samplesOf } from '../../scripts/docs-site/code-samples.ts'
import { OPERATIONS } from '../../scripts/docs-site/operations.ts'
import { CLIENT_CALLS } from '../../scripts/docs-site/samples/client-calls.ts'
import { literal, PYTHON, TYPESCRIPT } from '../../scripts/docs-site/samples/literal.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'

const REQUESTS = OPERATIONS.filter(({ isWebhook }) => !isWebhook)
const ORIGIN = 'https://tickets.example.com'

function sampleOf(operation: (typeof OPERATIONS)[number], lang: string): string {
  const source = samplesOf(operation).find((sample) => sample.lang === lang)?.source ?? ''
  return source.replaceAll('__ORIGIN__', ORIGIN)
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2024',
    module: 'ESNext',
    moduleResolution: 'Bundler',
    lib: ['ES2024', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['node'],
    typeRoots: [`${ROOT}node_modules/@types`],
    paths: { 'ticketing-api-client': [`${ROOT}packages/client/src/index.ts`] },
    allowImportingTsExtensions: true,
    moduleDetection: 'force',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['*.ts'],
}

function compilerErrors(sources: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-samples-'))
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
    for (const [name, source] of Object.entries(sources)) writeFileSync(join(folder, `${name}.ts`), source)
    const tsc = `${ROOT}node_modules/typescript/bin/tsc`
    return spawnSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' }).stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('the code samples of the reference', () => {
  it('exist for every operation in curl, TypeScript and Python, and not for webhook events', () => {
    for (const operation of OPERATIONS) {
      const labels = samplesOf(operation).map(({ label }) => label)
      expect(labels, operation.id).toEqual(operation.isWebhook ? [] : ['curl', 'TypeScript', 'Python'])
    }
  })

  it('use the client for every operation that it has', () => {
    const others = REQUESTS.map(({ id }) => id).filter((id) => !(id in CLIENT_CALLS))
    expect(others, 'add the call to scripts/docs-site/samples/client-calls.ts').toEqual([
      'getHealth',
      'getOpenApiDocument',
    ])
    expect(Object.keys(CLIENT_CALLS).filter((id) => !REQUESTS.some((each) => each.id === id))).toEqual([])
  })

  it('contain the examples of the document in place of parameters', () => {
    for (const operation of REQUESTS)
      for (const lang of ['shell', 'typescript', 'python']) {
        const sample = sampleOf(operation, lang)
        expect(sample, operation.id).not.toMatch(/undefined|\{\w+_id\}|\{body\}/)
        if (lang !== 'typescript' || !(operation.id in CLIENT_CALLS)) {
          const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => operation.pathExamples[name] ?? '?')
          expect(sample, operation.id).toContain(`${ORIGIN}${operation.prefix}${path}`)
        }
      }
  })

  it('send a credential exactly where the operation needs one', () => {
    for (const operation of REQUESTS)
      for (const lang of ['shell', 'python'])
        expect(/Authorization/.test(sampleOf(operation, lang)), operation.id).toBe(operation.security.length > 0)
  })

  it('compile, those in TypeScript', () => {
    const sources = Object.fromEntries(REQUESTS.map((operation) => [operation.id, sampleOf(operation, 'typescript')]))
    expect(compilerErrors(sources)).toBe('')
    expect(
      compilerErrors({ wrong: "import { TicketingClient } from 'ticketing-api-client'\nTicketingClient.x" }),
    ).toMatch(/error TS2339/)
  })
})

describe('a JSON value in a code sample', () => {
  const VALUE = { text: `It's "late"\n`, 'not-a-name': [true, false, null], price: 1.5, none: {}, empty: [] }

  it('is a literal of TypeScript', () => {
    const text = literal(VALUE, TYPESCRIPT)
    expect(text).toContain(`text: 'It\\'s "late"\\n',`)
    expect(text).toContain(`'not-a-name': [true, false, null],`)
    expect(new Function(`return ${text}`)()).toEqual(VALUE)
  })

  it('is a literal of Python', () => {
    expect(literal(VALUE, PYTHON)).toBe(
      [
        '{',
        '    "text": "It\'s \\"late\\"\\n",',
        '    "not-a-name": [True, False, None],',
        '    "price": 1.5,',
        '    "none": {},',
        '    "empty": [],',
        '}',
      ].join('\n'),
    )
  })

  it('keeps backslashes', () => {
    expect(new Function(`return ${literal('a\\"b\\\\', TYPESCRIPT)}`)()).toBe('a\\"b\\\\')
  })
})
