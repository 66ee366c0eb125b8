import { join } from 'node:path'
import { createVitest, type TestCase, type TestModule } from 'vitest/node'

/**
 * The process that runs the tests of one copy, from whose root it is started. To begin with vitest takes longer than most
 * tests, so it stays: it is told which files have changed and which tests to run, and tells what became of them.
 */

/** What became of a test: its whole name, whether it passed, and what it said. */
export interface Result {
  name: string
  status: 'passed' | 'failed' | 'skipped'
  message: string
}

export interface Run {
  results: Result[]
  /** What kept tests from being run at all. */
  broken: string
}

/** What the process says. */
export type Said = 'ready' | { result: Result } | { run: Run }

export interface Order {
  /** Test files, from the root. */
  files: string[]
  /** Files of source that were written since the order before. */
  changed: string[]
  /** The tests to run, by their whole names; all if there are none. */
  tests: string[]
}

const root = process.cwd()
const isBailing = process.env.JUDGE_BAIL === 'true'
const vitest = await createVitest('test', {
  root,
  config: 'test/judge/vitest.config.ts',
  watch: false,
  reporters: [{ onTestCaseResult: (test) => void process.send?.({ result: resultOf(test) }) }],
  bail: isBailing ? 1 : 0,
})

process.on('message', ({ files, changed, tests }: Order) => {
  for (const file of changed) vitest.invalidateFile(join(root, file))
  if (tests.length === 0) vitest.resetGlobalTestNamePattern()
  else vitest.setGlobalTestNamePattern(new RegExp(`^(${tests.map(patternOf).join('|')})$`))
  run(files).then(
    (result) => process.send?.({ run: result }),
    (error) => process.send?.({ run: { results: [], broken: String(error) } }),
  )
})
process.on('disconnect', () => process.exit())
process.send?.('ready')

/** Vitest matches names with spaces between their parts. */
function patternOf(name: string): string {
  return name.replaceAll(' > ', ' ').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

async function run(files: string[]): Promise<Run> {
  const all: Run = { results: [], broken: '' }
  // It counts, and shows again, what has failed before.
  vitest.state.idMap.clear()
  vitest.state.filesMap.clear()
  vitest.state.clearErrors()
  for (const file of files) {
    const path = join(root, file)
    const specifications = vitest.projects
      .filter((project) => project.matchesTestGlob(path))
      .map((project) => project.createSpecification(path))
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications)
    const found = testModules.map(ofModule)
    all.results.push(...found.flatMap(({ results }) => results))
    all.broken += [...found.map(({ broken }) => broken), ...unhandledErrors.map(String)].join('\n').trim()
    if (testModules.length === 0) all.broken += `no tests in ${file}`
    if (isBailing && (all.broken !== '' || all.results.some(({ status }) => status === 'failed'))) break
  }
  return all
}

function ofModule(module: TestModule): Run {
  const results = [...module.children.allTests()].map(resultOf)
  const errors = [module, ...module.children.allSuites()].flatMap((part) => part.errors())
  return { results, broken: errors.map(({ message }) => message).join('\n') }
}

function resultOf(test: TestCase): Result {
  const { state, errors } = test.result()
  const status = state === 'pending' ? 'skipped' : state
  return { name: test.fullName, status, message: (errors ?? []).map(({ message }) => message).join('\n') }
}
