import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { ROOT } from './lib/local-state.ts'
import { type Mutation, mutationsOf, SCHEMA } from './lib/schema-mutations.ts'

/** The Worker, and the comparison of its requests and responses with the types of the client. */
const COMPILED = ['src', 'worker-configuration.d.ts', 'drizzle.config.ts', 'test/client/types.ts']
const IMPORTED = ['package.json', 'packages/client/src']

/**
 * `npm run check:schema`: renames columns, makes columns nullable and adds values to enums. Each of these changes must be a
 * type error outside of the schema; a change that is not could break a statement or change the API without notice.
 *
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
for (const { name } of undetected) console.error(`No type error: ${name}`)
console.info(`${mutations.length - undetected.length} detected, ${undetected.length} undetected`)
process.exitCode = undetected.length === 0 ? 0 : 1

async function undetectedTogether(): Promise<Mutation[]> {
  const pairs = pairsFor(mutations.length)
  const runs = Array.from({ length: Math.max(...pairs.flat()) + 1 }, (_, run) => run)
  const errors = await compileAll(runs.map((run) => mutations.filter((_, index) => pairs[index]?.includes(run))))
  const runsOf = new Map<string, number[]>()
  for (const [run, places] of errors.entries())
    for (const place of places) runsOf.set(place, [...(runsOf.get(place) ?? []), run])
  const patterns = new Set([...runsOf.values()].map((list) => list.join()))
  if (patterns.has(runs.join())) throw new Error('There are type errors without any change: see npm run check')
  return mutations.filter((_, index) => !patterns.has(pairs[index]?.join() ?? ''))
}

async function undetectedAlone(suspects: Mutation[]): Promise<Mutation[]> {
  const errors = await compileAll(suspects.map((suspect) => [suspect]))
  return suspects.filter((_, index) => errors[index]?.size === 0)
}

/** The places of the errors of each run, as `compile` returns them. */
function compileAll(runs: Mutation[][]): Promise<Set<string>[]> {
  const limit = pLimit(availableParallelism())
  return Promise.all(runs.map((changes) => limit(() => compile(changes))))
}

/** The places of the errors that a copy of the project with these changes has outside of the schema. */
async function compile(changes: Mutation[]): Promise<Set<string>> {
  const copy = mkdtempSync(join(folder, 'run-'))
  for (const name of [...COMPILED, ...IMPORTED]) cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  writeFileSync(
    join(copy, 'tsconfig.json'),
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), include: COMPILED }),
  )
  for (const file of new Set(changes.map((change) => change.file))) {
    const edits = changes.filter((change) => change.file === file).toSorted((a, b) => b.start - a.start)
    const original = readFileSync(join(copy, file), 'utf8')
    const text = edits.reduce((now, { start, end, text }) => now.slice(0, start) + text + now.slice(end), original)
    writeFileSync(join(copy, file), text)
  }
  const output = await tsc(copy)
  const places = [...output.matchAll(/^(\S+\(\d+,\d+\)): error (TS\d+)/gm)].map(([, place, code]) => `${place} ${code}`)
  return new Set(places.filter((place) => !place.startsWith(SCHEMA)))
}

/** Prints errors to its output and exits with 1, which is expected here. */
function tsc(copy: string): Promise<string> {
  const program = join(ROOT, 'node_modules/.bin/tsc')
  const options = ['-p', copy, '--noEmit', '--singleThreaded', '--pretty', 'false']
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
