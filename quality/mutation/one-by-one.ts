import { mutatedFiles } from './apply.ts'
import { Copy } from './copy.ts'
import { type Mutation, nameOf } from './mutation.ts'
import { Sources, StaleError } from './query/sources.ts'
import { firstLine, type Result } from './result.ts'
import { type Run, Vitest } from './vitest-run.ts'

/** By test file, the tests that have killed a mutation. */
type Killers = Map<string, Set<string>>

/**
 * Runs the tests once for each mutation, several of them concurrently, each in a copy. In the end, the tests that have
 * killed a mutation run without any: one that fails even so is reported as broken.
 */
export async function runOneByOne(
  project: string,
  mutations: Mutation[],
  jobs: number,
  report: (result: Result) => void,
): Promise<void> {
  const queue = [...mutations]
  const killers: Killers = new Map()
  const sources = new Sources(project)
  const work = async () => {
    const copy = new Copy(project)
    let vitest = await Vitest.start(copy.root, { bail: true })
    /** Either the mutation ends the process or what it ran before has, so that the mutation is run once more. */
    const run = async <T>(attempt: () => Promise<T>): Promise<T> => {
      const result = await attempt()
      if (!vitest.hasEnded) return result
      vitest = await Vitest.start(copy.root, { bail: true })
      return attempt()
    }
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const mutation = next
        report(await run(() => runMutation({ sources, copy, vitest, killers }, mutation)))
      }
      for (const [file, tests] of killers) {
        killers.delete(file)
        for (const failed of await run(() => failing(vitest, file, tests))) report(failed)
      }
    } finally {
      vitest.stop()
      copy.remove()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, mutations.length) }, work))
}

interface Worker {
  sources: Sources
  copy: Copy
  vitest: Vitest
  killers: Killers
}

async function runMutation(worker: Worker, mutation: Mutation): Promise<Result> {
  const name = nameOf(mutation)
  try {
    const files = mutatedFiles(worker.sources, mutation)
    return { name, ...(await outcomeOf(worker, mutation, files)) }
  } catch (error) {
    if (error instanceof StaleError) return { name, outcome: 'stale', detail: error.message }
    throw error
  }
}

async function outcomeOf(
  worker: Worker,
  mutation: Mutation,
  files: Map<string, string>,
): Promise<Omit<Result, 'name'>> {
  const { sources, copy, vitest } = worker
  for (const [file, text] of files) write(copy, vitest, file, text)
  // Vitest reads the migrations when it starts.
  const needsRestart = [...files.keys()].some((file) => file.startsWith('migrations/'))
  const own = needsRestart ? await Vitest.start(copy.root, { bail: true }) : vitest
  try {
    for (const file of mutation.tests) {
      const run = await own.run([file])
      const result = resultOf(run)
      if (result === null) continue
      const failed = run.tests.find(({ status }) => status === 'failed')
      if (failed) worker.killers.set(file, (worker.killers.get(file) ?? new Set()).add(failed.name))
      if (mutation.equivalent && result.outcome === 'killed')
        return { outcome: 'survived', detail: `it is listed as equivalent, and is not: ${result.detail}` }
      return result
    }
    return mutation.equivalent
      ? { outcome: 'equivalent', detail: mutation.equivalent }
      : { outcome: 'survived', detail: mutation.tests.join(', ') }
  } finally {
    if (needsRestart) own.stop()
    for (const file of files.keys()) write(copy, vitest, file, sources.text(file))
  }
}

function write(copy: Copy, vitest: Vitest, file: string, text: string): void {
  copy.write(file, text)
  vitest.hasChanged(file)
}

/** Null if all tests of the run passed. */
function resultOf({ tests, broken }: Run): Omit<Result, 'name'> | null {
  const failed = tests.find(({ status }) => status === 'failed')
  if (failed) return { outcome: 'killed', detail: `${failed.name}: ${firstLine(failed.message)}` }
  if (/SyntaxError|Transform failed|is not defined|no tests in|has ended/.test(broken))
    return { outcome: 'broken', detail: broken.slice(0, 500) }
  // A hook that fails is not reported as a test.
  return broken === '' ? null : { outcome: 'killed', detail: firstLine(broken) }
}

async function failing(vitest: Vitest, file: string, names: Set<string>): Promise<Result[]> {
  const { tests } = await vitest.run([file], [...names])
  return [...names]
    .filter((name) => tests.find((test) => test.name === name)?.status !== 'passed')
    .map((name) => ({ name: `${file}: ${name}`, outcome: 'broken', detail: 'it fails without a mutation' }))
}
