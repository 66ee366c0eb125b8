import { join } from 'node:path'
import { createVitest, type TestCase, type TestModule } from 'vitest/node'

/**
 * A process that runs the tests of one copy of the project, from whose root it is started. Vitest takes longer to start
 * than most tests to run, so it stays: an order names the files that have changed and the tests to run.
 */

export interface TestResult {
  /** With the names of the suites around it. */
  name: string
  status: 'passed' | 'failed' | 'skipped'
  message: string
}

export interface Run {
  tests: TestResult[]
  /** The error that kept tests from running. */
  broken: string
}

export type Message = 'ready' | { test: TestResult } | { run: Run }

export interface Order {
  /** Test files, from the root. */
  files: string[]
  /** Source files written since the order before. */
  changed: string[]
  /** The full names of the tests to run; all if there are none. */
  tests: string[]
}

const root = process.cwd()
const isBailing = process.env.MUTATION_BAIL === 'true'
const vitest = await createVitest('test', {
  root,
  config: 'quality/mutation/vitest.config.ts',
  watch: false,
  reporters: [{ onTestCaseResult: (test) => void process.send?.({ test: resultOf(test) }) }],
  bail: isBailing ? 1 : 0,
})

process.on('message', ({ files, changed, tests }: Order) => {
  for (const file of changed) vitest.invalidateFile(join(root, file))
  if (tests.length === 0) vitest.resetGlobalTestNamePattern()
  else vitest.setGlobalTestNamePattern(new RegExp(`^(${tests.map(patternOf).join('|')})$`))
  run(files).then(
    (result) => process.send?.({ run: result }),
    (error) => process.send?.({ run: { tests: [], broken: String(error) } }),
  )
})
process.on('disconnect', () => process.exit())
process.send?.('ready')

/** Vitest matches names with spaces between their parts. */
function patternOf(name: string): string {
  return name.replaceAll(' > ', ' ').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

async function run(files: string[]): Promise<Run> {
  const all: Run = { tests: [], broken: '' }
  // Vitest counts, and reports again, tests that failed in an earlier run.
  vitest.state.idMap.clear()
  vitest.state.filesMap.clear()
  vitest.state.clearErrors()
  for (const file of files) {
    const path = join(root, file)
    const specifications = vitest.projects
      .filter((project) => project.matchesTestGlob(path))
      .map((project) => project.createSpecification(path))
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications)
    const runs = testModules.map(runOf)
    all.tests.push(...runs.flatMap(({ tests }) => tests))
    all.broken += [...runs.map(({ broken }) => broken), ...unhandledErrors.map(String)].join('\n').trim()
    if (testModules.length === 0) all.broken += `no tests in ${file}`
    if (isBailing && (all.broken !== '' || all.tests.some(({ status }) => status === 'failed'))) break
  }
  return all
}

function runOf(module: TestModule): Run {
  const tests = [...module.children.allTests()].map(resultOf)
  const errors = [module, ...module.children.allSuites()].flatMap((part) => part.errors())
  return { tests, broken: errors.map(({ message }) => message).join('\n') }
}

function resultOf(test: TestCase): TestResult {
  const { state, errors } = test.result()
  const status = state === 'pending' ? 'skipped' : state
  return { name: test.fullName, status, message: (errors ?? []).map(({ message }) => message).join('\n') }
}
