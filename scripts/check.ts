import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { commandLine } from './lib/command-line.ts'
import { findViolations } from './lib/layers.ts'
import { ROOT } from './lib/local-state.ts'
import { unverifiedPackagesIn } from './lib/lock-file.ts'
import { TYPES_COMMAND } from './lib/tools.ts'
import { findBannedWords, findBannedWordsInDocuments } from './lib/words.ts'
import { findBannedWordsInStrings } from './lib/words-in-strings.ts'

commandLine({
  name: 'npm run check',
  about:
    'Runs all static checks: Biome, types, layers, the lock file, words, and migrations against the schema. Names those that failed.',
  examples: ['npm run check'],
})

const CHECKS: [name: string, command: string[]][] = [
  ['Biome', ['biome', 'check', '--error-on-warnings']],
  ['Types of bindings are up to date', [...TYPES_COMMAND, '--check']],
  ['Types of the Worker', ['tsc', '-p', '.']],
  ['Types of the client', ['tsc', '-p', 'packages/client', '--noEmit']],
  ['Types of the tests', ['tsc', '-p', 'test']],
  ['Types of scripts and end-to-end tests', ['tsc', '-p', 'scripts']],
  ['Types of the benchmark', ['tsc', '-p', 'bench']],
]

const failed = CHECKS.filter(([name, command]) => !report(name, run(command))).map(([name]) => name)
if (!report('Layers', await layers())) failed.push('Layers')
if (!report('Lock file', lockFile())) failed.push('Lock file')
if (!report('Words', words())) failed.push('Words')
if (!report('Migrations match the schema', migrationsMatch())) failed.push('Migrations match the schema')
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`)
  process.exit(1)
}

interface Outcome {
  ok: boolean
  output: string
}

function run([program = '', ...args]: string[]): Outcome {
  const result = spawnSync(`node_modules/.bin/${program}`, args, { cwd: ROOT, encoding: 'utf8' })
  return { ok: result.status === 0, output: result.stdout + result.stderr }
}

async function layers(): Promise<Outcome> {
  const violations = await findViolations()
  return { ok: violations.length === 0, output: violations.map(({ message }) => message).join('\n') }
}

function lockFile(): Outcome {
  const packages = unverifiedPackagesIn(`${ROOT}package-lock.json`)
  return { ok: packages.length === 0, output: packages.map((path) => `${path} has no integrity`).join('\n') }
}

function words(): Outcome {
  const findings = [...findBannedWords(), ...findBannedWordsInDocuments(), ...findBannedWordsInStrings()]
  const output = findings.map(({ file, line, word, text }) => `${file}:${line}: "${word}" in ${text}`).join('\n')
  return { ok: findings.length === 0, output }
}

/** drizzle-kit would generate a migration if the schema had changed without one; it runs on a copy. */
function migrationsMatch(): Outcome {
  const copy = relative(ROOT, mkdtempSync(join(ROOT, 'node_modules/.migrations-')))
  try {
    cpSync(join(ROOT, 'migrations'), join(ROOT, copy), { recursive: true })
    const { ok, output } = run([
      'drizzle-kit',
      'generate',
      '--dialect=sqlite',
      '--schema=src/db/schema/*.ts',
      `--out=${copy}`,
    ])
    return { ok: ok && output.includes('No schema changes'), output }
  } finally {
    rmSync(join(ROOT, copy), { recursive: true, force: true })
  }
}

function report(name: string, { ok, output }: Outcome): boolean {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`)
  if (!ok) console.log(output)
  return ok
}
