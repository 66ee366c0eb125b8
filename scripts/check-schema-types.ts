import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { commandLine } from './lib/command-line.ts'
import { ROOT } from './lib/local-state.ts'
import { type Area, type Mutation, mutationsOf, SCHEMA } from './lib/schema-mutations.ts'

/** What all projects are compiled from. */
const SOURCES = [
  ...['src', 'test', 'quality', 'scripts', 'bench', 'packages', 'site'],
  ...[
    'package.json',
    'openapi.json',
    'tsconfig.json',
    'worker-configuration.d.ts',
    'drizzle.config.ts',
    'vitest.config.ts',
  ],
]
/** The first one includes the Worker's source. */
const PROJECTS = ['test', 'scripts', 'bench']

commandLine({
  name: 'npm run check:schema',
  about: `Renames columns, makes columns nullable and adds values to enums, each in a copy of the project. Each change must be a
type error outside of the schema; a change that is not could break a statement without notice.`,
  examples: ['npm run check:schema'],
})

/**
 * The compiler runs on several changes together. Each change is in two runs, a pair that no other change has, and an error
 * that is in these two runs alone is caused by it. A change without such an error, which the errors of others may hide, has
 * a run of its own.
 */
const mutations = mutationsOf(ROOT)
const folder = mkdtempSync(join(tmpdir(), 'schema-types-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(folder, 'node_modules'))

const undetected = await undetectedAlone(await undetectedTogether())
for (const name of undetected) console.error(`No type error: ${name}`)
console.info(`${mutations.length} changes, ${undetected.length} undetected`)
process.exitCode = undetected.length === 0 ? 0 : 1

async function undetectedTogether(): Promise<Mutation[]> {
  const pairs = pairsFor(mutations.length)
  const runs = Array.from({ length: Math.max(...pairs.flat()) + 1 }, (_, run) => run)
  const errors = await compileAll(runs.map((run) => mutations.filter((_, index) => pairs[index]?.includes(run))))
  const runsOf = new Map<string, number[]>()
  for (const [run, places] of errors.entries())
    for (const place of places) runsOf.set(place, [...(runsOf.get(place) ?? []), run])
  const always = [...runsOf].filter(([, list]) => list.length === runs.length).map(([place]) => place)
  if (always.length > 0) throw new Error(`There are type errors without any change: ${always.slice(0, 3).join(', ')}`)
  const patterns = new Set(
    [...runsOf].flatMap(([place, list]) => areasOf(place).map((area) => `${area} ${list.join()}`)),
  )
  return mutations.filter(({ areas }, index) => !areas.every((area) => patterns.has(`${area} ${pairs[index]?.join()}`)))
}

/** The names of changes and the areas without an error. */
async function undetectedAlone(suspects: Mutation[]): Promise<string[]> {
  const errors = await compileAll(suspects.map((suspect) => [suspect]))
  return suspects.flatMap(({ name, areas }, index) => {
    const found = new Set([...(errors[index] ?? [])].flatMap(areasOf))
    return areas.filter((area) => !found.has(area)).map((area) => `${name}, in ${area}`)
  })
}

function areasOf(place: string): Area[] {
  return [place.startsWith('src/') ? 'src' : 'others', 'anywhere']
}

/** The places of the errors of each run, as `compile` returns them. */
function compileAll(runs: Mutation[][]): Promise<Set<string>[]> {
  const limit = pLimit(availableParallelism())
  return Promise.all(runs.map((changes) => limit(() => compile(changes))))
}

/** The places of the errors that a copy of the project with these changes has outside of the schema. */
async function compile(changes: Mutation[]): Promise<Set<string>> {
  const copy = mkdtempSync(join(folder, 'run-'))
  for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true, filter: isSource })
  for (const file of new Set(changes.map((change) => change.file))) {
    const edits = changes.filter((change) => change.file === file).toSorted((a, b) => b.start - a.start)
    const original = readFileSync(join(copy, file), 'utf8')
    const text = edits.reduce((now, { start, end, text }) => now.slice(0, start) + text + now.slice(end), original)
    writeFileSync(join(copy, file), text)
  }
  let output = ''
  for (const project of PROJECTS) output += await tsc(copy, project)
  const places = [...output.matchAll(/^(\S+\(\d+,\d+\)): error (TS\d+)/gm)].map(([, place, code]) => `${place} ${code}`)
  return new Set(places.filter((place) => !place.startsWith(SCHEMA)))
}

function isSource(path: string): boolean {
  return !/\/(node_modules|dist|results)$/.test(path)
}

/** Prints errors to its output and exits with 1, which is expected here. */
function tsc(copy: string, project: string): Promise<string> {
  const program = join(ROOT, 'node_modules/.bin/tsc')
  const options = ['-p', project, '--noEmit', '--singleThreaded', '--pretty', 'false']
  return new Promise((resolve, reject) => {
    execFile(program, options, { cwd: copy, maxBuffer: 2 ** 28 }, (error, output) =>
      error && typeof error.code !== 'number' ? reject(error) : resolve(output),
    )
  })
}

/** `count` different pairs of as few numbers as possible: [0, 1], [0, 2], [1, 2], [0, 3], … */
function pairsFor(count: number): [number, number][] {
  const all: [number, number][] = []
  for (let second = 1; all.length < count; second += 1)
    for (let first = 0; first < second; first += 1) all.push([first, second])
  return all.slice(0, count)
}
