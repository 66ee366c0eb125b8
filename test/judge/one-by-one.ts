import { Copy } from './copy.ts'
import type { Change, Mutation } from './mutation.ts'
import { firstLine, nameOf, type Verdict } from './verdict.ts'
import { type Run, Vitest } from './vitest-run.ts'

/** By test file, the tests that have noticed something. */
type Credits = Map<string, Set<string>>

/**
 * Judges the mutations of a list, each in a run of its own, some at once, in a copy each. In the end the tests that have
 * noticed something are run without any mutation: one that fails all the same is told of as broken.
 */
export async function judgeOneByOne(
  project: string,
  mutations: Mutation[],
  jobs: number,
  note: (verdict: Verdict) => void,
): Promise<void> {
  const queue = [...mutations]
  const credits: Credits = new Map()
  const work = async () => {
    const copy = new Copy(project)
    const vitest = await Vitest.start(copy.root, { bail: true })
    try {
      for (let next = queue.shift(); next; next = queue.shift()) note(await judge(copy, vitest, next, credits))
      for (const [file, tests] of credits) {
        credits.delete(file)
        for (const failed of await failing(vitest, file, tests)) note(failed)
      }
    } finally {
      vitest.stop()
      copy.remove()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, mutations.length) }, work))
}

async function judge(copy: Copy, vitest: Vitest, mutation: Mutation, credits: Credits): Promise<Verdict> {
  const name = nameOf(mutation)
  const source = copy.read(mutation.file)
  const changes: Change[] = [[mutation.text, mutation.becomes], ...(mutation.also ?? [])]
  if (changes.some(([text]) => source.split(text).length !== 2))
    return { name, said: 'stale', more: 'its text does not stand there once' }
  const mutated = changes.reduce((whole, [text, becomes]) => whole.replace(text, () => becomes), source)
  write(copy, vitest, mutation.file, mutated)
  // The migrations are read when vitest begins.
  const isRead = mutation.file.startsWith('migrations/')
  const own = isRead ? await Vitest.start(copy.root, { bail: true }) : vitest
  try {
    for (const file of mutation.tests) {
      const run = await own.run([file])
      const verdict = verdictOf(run)
      if (verdict === null) continue
      const failed = run.results.find(({ status }) => status === 'failed')
      if (failed) credits.set(file, (credits.get(file) ?? new Set()).add(failed.name))
      if (mutation.redundant && verdict.said === 'noticed')
        return { name, said: 'unnoticed', more: `it is listed as redundant, and is not: ${verdict.more}` }
      return { name, ...verdict }
    }
    return mutation.redundant
      ? { name, said: 'redundant', more: mutation.redundant }
      : { name, said: 'unnoticed', more: mutation.tests.join(', ') }
  } finally {
    if (isRead) own.stop()
    write(copy, vitest, mutation.file, source)
  }
}

function write(copy: Copy, vitest: Vitest, file: string, text: string): void {
  copy.write(file, text)
  vitest.hasChanged(file)
}

/** What the run of a test file says of a mutation; null for nothing. */
function verdictOf({ results, broken }: Run): Omit<Verdict, 'name'> | null {
  const failed = results.find(({ status }) => status === 'failed')
  if (failed) return { said: 'noticed', more: `${failed.name}: ${firstLine(failed.message)}` }
  if (/SyntaxError|Transform failed|is not defined|no tests in|has ended/.test(broken))
    return { said: 'broken', more: broken.slice(0, 500) }
  // A hook that fails has no test to its name.
  return broken === '' ? null : { said: 'noticed', more: firstLine(broken) }
}

/** Those of the tests that do not pass, with nothing taken away. */
async function failing(vitest: Vitest, file: string, tests: Set<string>): Promise<Verdict[]> {
  const { results } = await vitest.run([file], [...tests])
  return [...tests]
    .filter((name) => results.find((result) => result.name === name)?.status !== 'passed')
    .map((name) => ({ name: `${file}: ${name}`, said: 'broken', more: 'it fails without a mutation' }))
}
