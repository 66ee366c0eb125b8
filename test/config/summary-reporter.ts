import type { Reporter, TestModule } from 'vitest/node'

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const failedTests = tests.filter((test) => test.result().state === 'failed').length
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length
    process.stdout.write(`\n${passed} passed, ${failedTests + brokenFiles + errors.length} failed\n`)
  }
}
