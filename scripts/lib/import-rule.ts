import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** A module's path below `src/`, and what it imports: such paths, or names of packages. */
export interface Module {
  path: string
  imports: string[]
}

interface Rule {
  says: string
  /** Whether the import breaks the rule. Paths are below `src/`, packages as they are named. */
  broken(from: string, to: string): boolean
}

const FEATURE =
  /^(accounts|api-keys|attachments|auth|comments|docs|events|health|rate-limiting|sweep|tickets|users|webhooks)\//
const featureOf = (path: string) => FEATURE.exec(path)?.[1]
const isRoutes = (path: string) => /(^|\/|-)routes\.ts$/.test(path)
const isService = (path: string) => /\/service\.ts$/.test(path)
const isExamples = (path: string) => /\/examples\.ts$/.test(path)
const isQueries = (path: string) => /(\/|\.)queries\.ts$/.test(path)
const isEntry = (path: string) => ['index.ts', 'app.ts', 'v1.ts'].includes(path)
const isMiddleware = (path: string) => /^rate-limiting\/(middleware|headers)\.ts$/.test(path)
const isDurableObject = (path: string) =>
  ['rate-limiting/rate-limiter.ts', 'auth/login-throttle.ts', 'sweep/sweeper.ts'].includes(path)

const RULES: Rule[] = [
  {
    says: 'lib/ imports nothing of the project',
    broken: (from, to) => from.startsWith('lib/') && to.endsWith('.ts') && !to.startsWith('lib/'),
  },
  {
    says: 'http/ and db/ import no feature',
    broken: (from, to) => /^(http|db)\//.test(from) && FEATURE.test(to),
  },
  {
    says: 'a feature uses another only through its service.ts; what the document tells, another’s examples too',
    broken: (from, to) =>
      FEATURE.test(to) &&
      featureOf(from) !== featureOf(to) &&
      !isService(to) &&
      !isMiddleware(to) &&
      !(isExamples(to) && (isExamples(from) || isRoutes(from) || from.startsWith('openapi/'))) &&
      !isDoorOf(from, to),
  },
  {
    says: 'client/ is a package of its own: it imports itself alone, and the service does not import it',
    broken: (from, to) => from.startsWith('client/') !== to.startsWith('client/'),
  },
  {
    says: 'services and queries import no routes',
    broken: (from, to) => (isService(from) || isQueries(from)) && isRoutes(to),
  },
  {
    says: 'routes import neither queries nor the database',
    broken: (from, to) => isRoutes(from) && (isQueries(to) || to === 'db/client.ts'),
  },
  { says: 'queries import no service', broken: (from, to) => isQueries(from) && isService(to) },
  {
    says: 'drizzle-orm is for db/ and queries alone',
    broken: (from, to) => to.startsWith('drizzle-orm') && !from.startsWith('db/') && !isQueries(from),
  },
  {
    says: 'hono stays above services, queries, db/ and lib/',
    broken: (from, to) =>
      /^hono(\/|$)/.test(to) && to !== 'hono/jwt' && (isService(from) || isQueries(from) || /^(db|lib)\//.test(from)),
  },
  {
    says: 'cloudflare:workers is for the entry and Durable Objects',
    broken: (from, to) => to === 'cloudflare:workers' && from !== 'index.ts' && !isDurableObject(from),
  },
]

/** The entries mount routes, and name the Durable Objects. */
function isDoorOf(from: string, to: string): boolean {
  return (isEntry(from) && isRoutes(to)) || (/^(index|env)\.ts$/.test(from) && isDurableObject(to))
}

/** The imports that break a rule, one sentence each. */
export function brokenImports(modules: Module[]): string[] {
  return modules.flatMap(({ path, imports }) =>
    imports.flatMap((target) =>
      RULES.filter((rule) => rule.broken(path, target)).map((rule) => `src/${path} imports ${target}: ${rule.says}`),
    ),
  )
}

/** Reads the modules below a source folder. */
export function readModules(folder: string): Module[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, imports: importsOf(path, readFileSync(join(folder, path), 'utf8')) }))
}

function importsOf(path: string, source: string): string[] {
  const specifiers = [...source.matchAll(/(?:from|import)\s+'([^']+)'/g)].flatMap((match) => match[1] ?? [])
  return specifiers.map((specifier) => {
    if (!specifier.startsWith('.')) return specifier
    const target = relative('.', join(dirname(path), specifier))
    return /\.\w+$/.test(target) && !target.endsWith('.queries') ? target : `${target}.ts`
  })
}
