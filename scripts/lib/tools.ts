import type { CommandSpec } from './command-line.ts'

interface Tool {
  spec: CommandSpec
  /** Programs of `node_modules/.bin` with their arguments, run in order until one fails. */
  commands(args: string[]): string[][]
}

const GENERATE_TYPES = ['wrangler', 'types', '--include-runtime=false', '--strict-vars=false']
export const TYPES_COMMAND = [...GENERATE_TYPES, '--env-file=.dev.vars.example']

const VITEST_OPTIONS = {
  testNamePattern: { type: 'string', short: 't', value: 'TEXT', about: 'run only tests whose names contain the text' },
  bail: { type: 'string', value: 'N', about: 'stop after N failed tests' },
  reporter: { type: 'string', value: 'NAME', about: 'how to report: default, verbose, dot, json' },
} as const

/** Tests without a server, except for those that take long or are part of `npm run check`. */
const QUICK_TESTS = [
  ...['.node.test', 'test/core/', 'test/lib/'],
  ...['deploy-hosts', 'migrations', 'layers', 'words', 'mutation-list', 'passwords'].map(
    (name) => `--exclude=**/${name}.node.test.ts`,
  ),
]

/** The scripts of package.json that run programs of others. */
export const TOOLS: Record<string, Tool> = {
  test: {
    spec: {
      name: 'npm test',
      usage: '[FILE …]',
      about: 'Runs all tests, or those in files whose paths contain one of the arguments.',
      options: VITEST_OPTIONS,
      allowPositionals: true,
      passesTo: 'vitest run',
      examples: ['npm test', "npm test -- test/tickets -t 'rejects an unknown field'"],
    },
    commands: (args) => [['vitest', 'run', ...args]],
  },
  'test:quick': {
    spec: {
      name: 'npm run test:quick',
      about: `Runs the static checks, and the tests that start no server: helpers, configuration, scripts, client and documents. Takes
less than a minute. npm test runs everything.`,
      examples: ['npm run test:quick'],
    },
    commands: () => [
      ['node', 'scripts/check.ts'],
      ['vitest', 'run', ...QUICK_TESTS],
    ],
  },
  'test:edge': {
    spec: {
      name: 'npm run test:edge',
      usage: '[FILE …]',
      about: `Runs the end-to-end tests that start a server through quality/edge, which changes requests and responses as Cloudflare
does in front of a Worker. npm test runs the most important of them.`,
      options: VITEST_OPTIONS,
      allowPositionals: true,
      passesTo: 'vitest run',
      examples: ['npm run test:edge', 'npm run test:edge -- test/http'],
    },
    commands: (args) => [['vitest', 'run', '--config', 'quality/edge/vitest.config.ts', ...args]],
  },
  'test:guides': {
    spec: {
      name: 'npm run test:guides',
      about: 'Runs the Python, Go, Java and Rust of the guides. Needs these toolchains; a missing one is a failure.',
      options: VITEST_OPTIONS,
      passesTo: 'vitest run',
      examples: ['npm run test:guides'],
    },
    commands: (args) => [['vitest', 'run', '--config', 'quality/guides/vitest.config.ts', ...args]],
  },
  'test:stryker': {
    spec: {
      name: 'npm run test:stryker',
      about: 'Mutates the modules without I/O by Stryker. Some test must fail for each mutation.',
      options: {
        mutate: { type: 'string', short: 'm', value: 'FILES', about: 'mutate only these files' },
        concurrency: { type: 'string', value: 'N', about: 'number of processes' },
      },
      passesTo: 'stryker run',
      examples: ['npm run test:stryker -- --mutate src/lib/text.ts'],
    },
    commands: (args) => [['stryker', 'run', 'quality/mutation/stryker.config.ts', ...args]],
  },
  types: {
    spec: {
      name: 'npm run types',
      about: 'Writes worker-configuration.d.ts. Run it after a change to wrangler.toml.',
      examples: ['npm run types'],
    },
    commands: () => [TYPES_COMMAND],
  },
  'build:client': {
    spec: {
      name: 'npm run build:client',
      about: 'Builds the TypeScript client into packages/client/dist.',
      examples: ['npm run build:client'],
    },
    commands: () => [['npm', 'run', 'build', '--workspace', 'ticketing-api-client']],
  },
  'lint:openapi': {
    spec: {
      name: 'npm run lint:openapi',
      about: 'Checks openapi.json with Redocly and Spectral.',
      examples: ['npm run lint:openapi'],
    },
    commands: () => [
      ['redocly', 'lint', 'openapi.json'],
      ['spectral', 'lint', 'openapi.json', '--fail-severity=hint'],
    ],
  },
  fix: {
    spec: {
      name: 'npm run fix',
      usage: '[FILE …]',
      about: 'Formats files and applies the safe fixes of Biome: all files, or those named.',
      allowPositionals: true,
      examples: ['npm run fix', 'npm run fix -- src/tickets'],
    },
    commands: (args) => [['biome', 'check', '--write', ...(args.length > 0 ? args : ['.'])]],
  },
  migrations: {
    spec: {
      name: 'npm run migrations',
      about: 'Writes a migration into migrations/. Run it after a change to src/db/schema.',
      options: {
        name: { type: 'string', value: 'NAME', about: 'end of the name of the file' },
        custom: { type: 'boolean', about: 'write an empty migration, for SQL by hand' },
      },
      examples: ['npm run migrations', 'npm run migrations -- --name add_due_dates'],
    },
    commands: (args) => [['drizzle-kit', 'generate', ...args]],
  },
}
