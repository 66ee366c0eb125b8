import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findViolations, type Violation } from '../../scripts/lib/layers.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'

/** By rule, files that violate it. */
const FORBIDDEN: Record<string, [file: string, content: string][]> = {
  'no-cycle-of-files': [
    ['src/lib/cycle-a.ts', "import type { B } from './cycle-b'\nexport type A = B | null\n"],
    ['src/lib/cycle-b.ts', "import type { A } from './cycle-a'\nexport type B = A[]\n"],
  ],
  'no-cycle-of-folders': [
    ['scripts/one/a.ts', "export { b } from '../two/b.ts'\n"],
    ['scripts/two/b.ts', 'export const b = 1\n'],
    ['scripts/two/c.ts', "export { d } from '../one/d.ts'\n"],
    ['scripts/one/d.ts', 'export const d = 1\n'],
  ],
  'not-upward-from-lib': [['src/lib/up.ts', "import type { Caller } from '../core/caller'\nexport type Up = Caller\n"]],
  'not-upward-from-core': [['src/core/up.ts', "export { commit } from '../service/commit'\n"]],
  'not-upward-from-db': [['src/db/up.ts', "export { findTicket } from '../tickets/queries'\n"]],
  'not-upward-from-service': [['src/service/up.ts', "export { entityTag } from '../http/etag'\n"]],
  'not-upward-from-http': [
    ['src/http/up.ts', "import type { RateLimitResult } from '../access/window'\nexport type Up = RateLimitResult\n"],
  ],
  'not-upward-from-access': [['src/access/up.ts', "export { createTicket } from '../tickets/service'\n"]],
  'not-upward-from-comments': [['src/comments/up.ts', "export { getTicket } from '../tickets/service'\n"]],
  'not-upward-from-jobs': [['src/jobs/up.ts', "export { createApp } from '../app'\n"]],
  'known-folder': [
    ['src/helpers/new.ts', 'export const value = 1\n'],
    ['src/jobs/unknown.ts', "export { value } from '../helpers/new'\n"],
  ],
  'features-through-their-service': [
    ['src/tickets/past.ts', "import type { CommentRow } from '../comments/queries'\nexport type Row = CommentRow\n"],
  ],
  'drizzle-in-queries': [
    ['src/tickets/drizzle.ts', "import type { SQL } from 'drizzle-orm'\nexport type Query = SQL\n"],
  ],
  'hono-at-the-edge': [['src/tickets/hono.ts', "import type { Context } from 'hono'\nexport type Request = Context\n"]],
  'routes-through-the-service': [
    ['src/tickets/other-routes.ts', "export { findTicket } from './queries'\n"],
    ['src/attachments/other-routes.ts', "export { openAccount } from '../db/client'\n"],
  ],
  'no-way-back-to-routes': [['src/tickets/back.queries.ts', "export { registerTicketRoutes } from './routes'\n"]],
  'queries-below-services': [['src/tickets/above.queries.ts', "export { getTicket } from './service'\n"]],
  'runtime-at-the-entry': [['src/http/runtime.ts', "export { env } from 'cloudflare:workers'\n"]],
  'client-stands-alone': [['packages/client/src/zod.ts', "export { z } from 'zod'\n"]],
  'service-without-client': [
    ['src/jobs/client.ts', "export { ApiError } from '../../packages/client/src/errors.ts'\n"],
    ['src/jobs/client-by-name.ts', "export { ApiError } from 'ticketing-api-client'\n"],
  ],
  'service-stands-alone': [['src/lib/scripts.ts', "export { ROOT } from '../../scripts/lib/local-state.ts'\n"]],
  'no-import-types': [['src/lib/type.ts', "export type Role = import('../core/policy').Role\n"]],
  resolvable: [['src/lib/missing.ts', "export { nothing } from './nowhere'\n"]],
}

/** Another test builds packages/client/dist concurrently. */
const isSource = (path: string) => !['.cache', 'dist'].includes(basename(path))

let copy: string
let violations: Violation[]

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'ticketing-layers-'))
  for (const folder of ['src', 'packages', 'scripts', 'bench'])
    cpSync(join(ROOT, folder), join(copy, folder), { recursive: true, filter: isSource })
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(ROOT, file), join(copy, file))
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  for (const [file, content] of Object.values(FORBIDDEN).flat()) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    writeFileSync(join(copy, file), content)
  }
  violations = await findViolations(copy)
})
afterAll(() => {
  rmSync(copy, { recursive: true, force: true })
})

describe('the layer rule', () => {
  it('passes for the project', async () => {
    expect((await findViolations()).map(({ message }) => message)).toEqual([])
  })

  it.each(Object.entries(FORBIDDEN))('rejects a forbidden import of the kind %s', (rule, files) => {
    const found = violations.filter((violation) => violation.rule === rule).map(({ message }) => message)
    const isNamed = ([file]: [string, string]) =>
      found.some((message) => message.includes(file.replace(/^scripts\//, '')) || message.includes(dirname(file)))
    expect(found.length, rule).toBeGreaterThan(0)
    expect(files.some(isNamed), `${rule}: ${found.join('; ')}`).toBe(true)
  })

  it('rejects an import of the client by its package name', () => {
    expect(violations).toContainEqual({
      rule: 'service-without-client',
      message: expect.stringContaining('src/jobs/client-by-name.ts'),
    })
  })
})
