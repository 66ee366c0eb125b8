/**
 * The layer rule of docs/architecture.md. `npm run check` runs it over src, packages, scripts and bench. Imports of types
 * count: swc reads them, because dependency-cruiser does not support TypeScript 7.
 */
const LAYERS = [
  'index\\.ts',
  'app\\.ts',
  'jobs/',
  'docs/',
  'webhooks/',
  'events/',
  'tickets/',
  'comments/',
  'attachments/',
  'accounts/',
  'auth/',
  'users/',
  'api-keys/',
  'health/',
  'access/',
  'http/',
  'service/',
  'db/',
  'core/',
  'lib/',
]

const FEATURES = LAYERS.slice(LAYERS.indexOf('webhooks/'), LAYERS.indexOf('access/')).map((path) => path.slice(0, -1))
const ROUTES = '^src/.*[/-]routes\\.ts$'
const SERVICE = '^src/[^/]+/service\\.ts$'
const QUERIES = '^src/.*[/.]queries\\.ts$'
const FEATURE = `^src/(${FEATURES.join('|')})/`

const upward = LAYERS.slice(1).map((path, index) => ({
  name: `not-upward-from-${path.replace(/\W+(ts)?$/, '')}`,
  comment: 'A folder imports only from folders listed below it',
  severity: 'error',
  from: { path: `^src/${path}` },
  to: { path: `^src/(${LAYERS.slice(0, index + 1).join('|')})` },
}))

module.exports = {
  forbidden: [
    {
      name: 'no-cycle-of-files',
      comment: 'No file imports itself, by whatever detour',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-cycle-of-folders',
      comment: 'No folder imports itself, by whatever detour',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    ...upward,
    {
      name: 'known-folder',
      comment: 'Each folder of src has a place among the layers',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: `^src/(${LAYERS.join('|')})` },
    },
    {
      name: 'features-through-their-service',
      comment: 'A feature reaches another one only through its service.ts',
      severity: 'error',
      from: { path: FEATURE },
      to: { path: FEATURE, pathNot: ['^src/$1/', '/service\\.ts$'] },
    },
    {
      name: 'drizzle-in-queries',
      comment: 'SQL is written in db/, queries.ts and *.queries.ts',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/db/', '(^|[/.])queries\\.ts$'] },
      to: { path: 'node_modules/drizzle-orm/' },
    },
    {
      name: 'hono-at-the-edge',
      comment: 'Only http/, access/, docs/, routes and app.ts know the web framework',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(http|access|docs)/', '(^|[/-])routes\\.ts$', '^src/app\\.ts$'] },
      to: { path: 'node_modules/hono/' },
    },
    {
      name: 'routes-through-the-service',
      comment: 'Routes import neither queries nor the database',
      severity: 'error',
      from: { path: ROUTES },
      to: { path: [QUERIES, '^src/db/client\\.ts$'] },
    },
    {
      name: 'no-way-back-to-routes',
      comment: 'Services and queries import no routes',
      severity: 'error',
      from: { path: [SERVICE, QUERIES] },
      to: { path: ROUTES },
    },
    {
      name: 'queries-below-services',
      comment: 'Queries import no service',
      severity: 'error',
      from: { path: QUERIES },
      to: { path: SERVICE },
    },
    {
      name: 'runtime-at-the-entry',
      comment: 'Only the entry and Durable Objects import the runtime',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/index\\.ts$', '^src/access/durable-objects/', '^src/jobs/sweeper\\.ts$'] },
      to: { path: '^cloudflare:workers$' },
    },
    {
      name: 'client-stands-alone',
      comment: 'The client imports itself alone, and the service nothing of the client',
      severity: 'error',
      from: { path: '^packages/client/src/' },
      to: { pathNot: '^packages/client/src/' },
    },
    {
      name: 'service-without-client',
      comment: 'The service imports nothing of the client',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: ['(^|/)packages/client/', '^ticketing-api-client(/|$)'] },
    },
    {
      name: 'service-stands-alone',
      comment: 'What is deployed or published imports no scripts, tests or benchmarks',
      severity: 'error',
      from: { path: '^(packages|src)/' },
      to: { path: '^(scripts|bench|test|quality)/' },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads to a file',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^cloudflare:' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '(^|/)dist(/|$)'] },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
    builtInModules: { add: ['cloudflare:workers', 'cloudflare:sockets'] },
  },
}
