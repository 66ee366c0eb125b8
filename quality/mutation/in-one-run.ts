import { mutatedFiles } from './apply.ts'
import { Copy } from './copy.ts'
import { type Mutation, nameOf } from './mutation.ts'
import { Sources, StaleError } from './query/sources.ts'
import type { Result } from './result.ts'
import { type Run, Vitest } from './vitest-run.ts'

/** Runs the tests once with several mutations applied, each of which must make a test of its own fail. */
export async function runTogether(project: string, mutations: Mutation[]): Promise<Result[]> {
  const copy = new Copy(project)
  const files = [...new Set(mutations.flatMap(({ tests }) => tests))]
  const vitest = await Vitest.start(copy.root, { bail: false })
  try {
    const before = await vitest.run(files)
    const stale = apply(copy, mutations, (file) => vitest.hasChanged(file))
    const after = await vitest.run(files)
    return mutations.map((mutation) => {
      const name = nameOf(mutation)
      const reason = stale.get(mutation)
      return reason === undefined ? resultOf(mutation, before, after) : { name, outcome: 'stale', detail: reason }
    })
  } finally {
    vitest.stop()
    copy.remove()
  }
}

/** Returns why some mutations could not be applied. Equal edits count once. */
function apply(copy: Copy, mutations: Mutation[], onWrite: (file: string) => void): Map<Mutation, string> {
  const stale = new Map<Mutation, string>()
  const original = new Sources(copy.root)
  const different = new Map(mutations.map((mutation) => [JSON.stringify(mutation.edits), mutation]))
  const fitting = new Set<Mutation>()
  for (const mutation of mutations)
    try {
      mutatedFiles(original, mutation)
      fitting.add(mutation)
    } catch (error) {
      if (!(error instanceof StaleError)) throw error
      stale.set(mutation, error.message)
    }
  const all = [...different.values()].filter((mutation) => fitting.has(mutation))
  const edits = all.flatMap((mutation) => mutation.edits)
  const imports = Object.assign({}, ...all.map((mutation) => mutation.imports))
  for (const [file, text] of mutatedFiles(original, { edits, imports })) {
    copy.write(file, text)
    onWrite(file)
  }
  return stale
}

function resultOf(mutation: Mutation, before: Run, after: Run): Result {
  const name = nameOf(mutation)
  const isOwn = (test: { name: string }) => ` ${test.name} `.includes(` ${mutation.shared?.failing} `)
  const own = after.tests.filter(isOwn)
  if (own.length === 0)
    return { name, outcome: 'broken', detail: after.broken.slice(0, 500) || 'no test has these words in its name' }
  if (before.tests.filter(isOwn).some(({ status }) => status !== 'passed'))
    return { name, outcome: 'broken', detail: 'its test fails without the mutation' }
  const failed = own.find(({ status }) => status === 'failed')
  return failed
    ? { name, outcome: 'killed', detail: failed.name }
    : { name, outcome: 'survived', detail: mutation.tests.join(', ') }
}
