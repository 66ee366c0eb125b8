import { readFileSync } from 'node:fs'
import { nameOfCondition, runConditions } from './account-conditions.run.ts'
import { findConditions } from './account-conditions.ts'
import { guardMutations } from './guards.ts'
import { runTogether } from './in-one-run.ts'
import { MUTATIONS } from './list.ts'
import { type Mutation, nameOf } from './mutation.ts'
import { runOneByOne } from './one-by-one.ts'
import { HELP, type Options, optionsOf } from './options.ts'
import { Sources } from './query/sources.ts'
import { print, type Result } from './result.ts'

/** `npm run test:mutation`. Exits with code 1 if a mutation survives. */

const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')

async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2))
  if (options === null) return console.info(HELP)
  const isWanted = filterOf(options)
  const { guards, list } = chosenMutations(options, isWanted)
  const runsConditions = options.kind === null || options.kind === 'conditions'
  if (options.isList) {
    const conditions = runsConditions ? findConditions(new Sources(ROOT)).map(nameOfCondition).filter(isWanted) : []
    for (const name of [...conditions, ...[...guards, ...list].map(nameOf)]) process.stdout.write(`${name}\n`)
    return
  }
  const collect = (results: Result[]) => (result: Result) => {
    print(result)
    results.push(result)
  }
  const ofConditions: Result[] = []
  if (runsConditions) await runConditions(ROOT, isWanted, collect(ofConditions))
  const ofGuards = await runShared(guards)
  const ofList = await runShared(list.filter(({ shared }) => shared !== undefined))
  const separate = list.filter(({ shared }) => shared === undefined)
  await runOneByOne(ROOT, separate, options.jobs, collect(ofList))
  summarize({ 'account conditions': ofConditions, guards: ofGuards, list: ofList })
}

function filterOf({ only, resume }: Options): (name: string) => boolean {
  const before = resume === null ? '' : readFileSync(resume, 'utf8')
  const wasKilled = (name: string) => ['  (', '\n'].some((end) => `\n${before}`.includes(`\nkilled     ${name}${end}`))
  return (name) => (only === null || name.includes(only)) && !wasKilled(name)
}

function chosenMutations({ kind, slice }: Options, isWanted: (name: string) => boolean) {
  const chosen = (mutations: Mutation[]) => mutations.filter((mutation) => isWanted(nameOf(mutation)))
  const guards = kind === null || kind === 'guards' ? chosen(guardMutations(new Sources(ROOT))) : []
  const all = kind === null || kind === 'list' ? chosen(MUTATIONS) : []
  return { guards, list: slice === null ? all : all.filter((_, index) => index % slice.of === slice.at - 1) }
}

async function runShared(mutations: Mutation[]): Promise<Result[]> {
  const results: Result[] = []
  for (const own of Map.groupBy(mutations, ({ shared }) => shared?.run).values())
    results.push(...(await runTogether(ROOT, own)))
  results.forEach(print)
  return results
}

function summarize(kinds: Record<string, Result[]>): void {
  const all = Object.values(kinds).flat()
  if (all.length === 0) throw new Error('No mutation has this name: see npm run test:mutation -- --list')
  const counted = all.filter(({ outcome }) => outcome !== 'equivalent')
  const killed = (results: Result[]) => results.filter(({ outcome }) => outcome === 'killed').length
  const others = counted.filter(({ outcome }) => outcome !== 'killed')
  process.stdout.write(others.length > 0 ? '\nNot killed:\n' : '\n')
  others.forEach(print)
  for (const [kind, results] of Object.entries(kinds)) {
    const equivalent = results.filter(({ outcome }) => outcome === 'equivalent').length
    const more = equivalent > 0 ? `, ${equivalent} equivalent` : ''
    if (results.length > 0)
      process.stdout.write(`${kind}: ${killed(results)} of ${results.length - equivalent} killed${more}\n`)
  }
  const score = counted.length === 0 ? 100 : (100 * killed(counted)) / counted.length
  process.stdout.write(`${killed(counted)} of ${counted.length} mutations killed: ${score.toFixed(1)} %\n`)
  process.exitCode = others.length === 0 ? 0 : 1
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
