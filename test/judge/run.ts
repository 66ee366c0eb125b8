import { readFileSync } from 'node:fs'
import { judgeConditions, nameOfCondition } from './condition-verdicts.ts'
import { findConditions } from './conditions.ts'
import { guardMutations } from './guards.ts'
import type { Mutation } from './mutation.ts'
import { MUTATIONS } from './mutations.ts'
import { judgeOneByOne } from './one-by-one.ts'
import { HELP, optionsOf } from './options.ts'
import { judgeTogether } from './together.ts'
import { nameOf, tell, type Verdict } from './verdict.ts'

/**
 * Judges the tests: takes away one check of the source after the other, in a copy, and expects the tests that are named
 * for it to fail. Ends with code 1 where one does not.
 */

const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')

async function main(): Promise<void> {
  const { only, isList, isHelp, kind, slice, jobs, resume } = optionsOf(process.argv.slice(2))
  if (isHelp) return console.info(HELP)
  const before = resume === null ? '' : readFileSync(resume, 'utf8')
  const isDone = (name: string) => ['  (', '\n'].some((end) => `\n${before}`.includes(`\nnoticed    ${name}${end}`))
  const wanted = (name: string) => (only === null || name.includes(only)) && !isDone(name)
  const chosen = (mutations: Mutation[]) => mutations.filter((mutation) => wanted(nameOf(mutation)))
  const is = (name: typeof kind) => kind === null || kind === name
  const guards = is('guards') ? chosen(guardMutations(ROOT)) : []
  const all = is('list') ? chosen(MUTATIONS) : []
  const list = slice === null ? all : all.filter((_, index) => index % slice.of === slice.at - 1)
  if (isList) {
    const conditions = is('conditions') ? findConditions(ROOT).map(nameOfCondition).filter(wanted) : []
    for (const name of [...conditions, ...[...guards, ...list].map(nameOf)]) process.stdout.write(`${name}\n`)
    return
  }
  const noteIn = (verdicts: Verdict[]) => (verdict: Verdict) => {
    tell(verdict)
    verdicts.push(verdict)
  }
  const conditions: Verdict[] = []
  if (is('conditions')) await judgeConditions(ROOT, wanted, noteIn(conditions))
  const ofGuards = await judgeRuns(guards)
  const ofList = await judgeRuns(list.filter(({ run }) => run !== undefined))
  const alone = list.filter(({ run }) => run === undefined)
  await judgeOneByOne(ROOT, alone, jobs, noteIn(ofList))
  summarize({ 'account conditions': conditions, guards: ofGuards, list: ofList })
}

async function judgeRuns(mutations: Mutation[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const own of Map.groupBy(mutations, ({ run }) => run).values())
    verdicts.push(...(await judgeTogether(ROOT, own)))
  verdicts.forEach(tell)
  return verdicts
}

function summarize(kinds: Record<string, Verdict[]>): void {
  const judged = Object.values(kinds).flat()
  if (judged.length === 0) throw new Error('Nothing is named so: see npm run test:judge -- --list')
  const counted = judged.filter(({ said }) => said !== 'redundant')
  const noticed = (verdicts: Verdict[]) => verdicts.filter(({ said }) => said === 'noticed').length
  const others = counted.filter(({ said }) => said !== 'noticed')
  process.stdout.write(others.length > 0 ? '\nNot noticed:\n' : '\n')
  others.forEach(tell)
  for (const [kind, verdicts] of Object.entries(kinds)) {
    const redundant = verdicts.filter(({ said }) => said === 'redundant').length
    const more = redundant > 0 ? `, and ${redundant} listed as redundant are so` : ''
    if (verdicts.length > 0)
      process.stdout.write(`${kind}: ${noticed(verdicts)} of ${verdicts.length - redundant} noticed${more}\n`)
  }
  const score = counted.length === 0 ? 0 : (100 * noticed(counted)) / counted.length
  process.stdout.write(`${noticed(counted)} of ${counted.length} mutations were noticed: ${score.toFixed(1)} %\n`)
  process.exitCode = others.length === 0 && counted.length > 0 ? 0 : 1
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
