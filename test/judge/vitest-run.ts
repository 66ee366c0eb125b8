import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** What became of a test: its whole name, whether it passed, and what it said. */
export interface Result {
  name: string
  status: 'passed' | 'failed' | 'skipped'
  message: string
}

export interface Run {
  results: Result[]
  /** What kept files from being run at all. */
  broken: string
}

interface Report {
  testResults: {
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

/** Runs test files in a folder, until one test fails if `bail`. */
export async function runVitest(root: string, files: readonly string[], { bail }: { bail: boolean }): Promise<Run> {
  const output = join(root, 'report.json')
  rmSync(output, { force: true })
  const options = ['--reporter=json', `--outputFile=${output}`, ...(bail ? ['--bail', '1'] : [])]
  const text = await run(root, ['run', '--config', 'test/judge/vitest.config.ts', ...options, ...files])
  if (!existsSync(output)) return { results: [], broken: text.slice(-2_000) || 'no report' }
  const report: Report = JSON.parse(readFileSync(output, 'utf8'))
  const results = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages }) => ({
      name: fullName,
      status: statusOf(status),
      message: failureMessages.join('\n'),
    })),
  )
  return {
    results,
    broken: report.testResults
      .map(({ message }) => message)
      .join('\n')
      .trim(),
  }
}

function statusOf(text: string): Result['status'] {
  return text === 'passed' || text === 'failed' ? text : 'skipped'
}

function run(root: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, 'node_modules/.bin/vitest'), args, {
      cwd: root,
      env: { ...process.env, JUDGE_CACHE: join(root, 'cache') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    const hear = (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-10_000)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', reject)
    child.on('close', () => resolve(text))
  })
}
