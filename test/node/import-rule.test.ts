import { describe, expect, it } from 'vitest'
import { brokenImports, readModules } from '../../scripts/lib/import-rule.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'

describe('the import rule', () => {
  it('holds for every module', () => {
    const modules = readModules(`${ROOT}src`)
    expect(modules.length).toBeGreaterThan(40)
    expect(brokenImports(modules)).toEqual([])
  })

  it.each([
    ['lib/ids.ts', 'http/errors.ts'],
    ['http/body.ts', 'tickets/service.ts'],
    ['db/client.ts', 'tickets/queries.ts'],
    ['comments/service.ts', 'tickets/queries.ts'],
    ['comments/queries.ts', 'attachments/service.ts'],
    ['tickets/service.ts', 'tickets/routes.ts'],
    ['tickets/routes.ts', 'tickets/queries.ts'],
    ['attachments/file-routes.ts', 'db/client.ts'],
    ['tickets/service.ts', 'drizzle-orm'],
    ['tickets/service.ts', 'hono'],
    ['tickets/list.queries.ts', 'hono/cors'],
    ['http/wake.ts', 'cloudflare:workers'],
    ['client/users.ts', 'users/schema.ts'],
    ['client/api.ts', 'zod'],
    ['app.ts', 'client/index.ts'],
  ])('refuses %s importing %s', (path, target) => {
    const broken = brokenImports([{ path, imports: [target] }])
    expect(broken.length).toBeGreaterThan(0)
  })

  it.each([
    ['tickets/service.ts', 'comments/service.ts'],
    ['tickets/routes.ts', 'rate-limiting/middleware.ts'],
    ['tickets/list.queries.ts', 'drizzle-orm'],
    ['auth/tokens.ts', 'hono/jwt'],
    ['v1.ts', 'tickets/routes.ts'],
    ['client/users.ts', 'client/api.ts'],
  ])('lets %s import %s', (path, target) => {
    expect(brokenImports([{ path, imports: [target] }])).toEqual([])
  })
})
