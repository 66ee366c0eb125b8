import { Copy } from './copy.ts'
import type { Mutation } from './mutation.ts'
import { firstLine, nameOf, type Verdict } from './verdict.ts'
import { type Run, Vitest } from './vitest-run.ts'

/** Whether test files pass without any mutation, by their names: asked once, before the first that they are to notice. */
type Proofs = Map<string, Promise<boolean>>

/** Judges the mutations of a list, each in a run of its own, some at once, in a copy each. */
export async function judgeOneByOne(
  project: string,
  mutations: Mutation[],
  jobs: number,
  note: (verdict: Verdict) => void,
): Promise<void> {
  const queue = [...mutations]
  const proofs: Proofs = new Map()
  const work = async () => {
    const copy = new Copy(project)
    const vitest = await Vitest.start(copy.root, { bail: true })
    try {
      for (let next = queue.shift(); next; next = queue.shift()) note(await judge(copy, vitest, next, proofs))
    } finally {
      vitest.stop()
      copy.remove()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, mutations.length) }, work))
}

async function judge(copy: Copy, vitest: Vitest, mutation: Mutation, proofs: Proofs): Promise<Verdict> {
  const name = nameOf(mutation)
  const source = copy.read(mutation.file)
  if (source.split(mutation.text).length !== 2)
    return { name, said: 'stale', more: 'its text does not stand there once' }
  for (const file of mutation.tests)
    if (!(await passes(vitest, file, proofs))) return { name, said: 'broken', more: `${file} fails without it` }
  write(
    copy,
    vitest,
    mutation.file,
    source.replace(mutation.text, () => mutation.becomes),
  )
  try {
    return { name, ...verdictOf(await vitest.run(mutation.tests), mutation) }
  } finally {
    write(copy, vitest, mutation.file, source)
  }
}

function write(copy: Copy, vitest: Vitest, file: string, text: string): void {
  copy.write(file, text)
  vitest.hasChanged(file)
}

function passes(vitest: Vitest, file: string, proofs: Proofs): Promise<boolean> {
  const known = proofs.get(file)
  if (known) return known
  const proof = vitest
    .run([file])
    .then(
      ({ results, broken }) =>
        broken === '' && results.length > 0 && results.every(({ status }) => status !== 'failed'),
    )
  proofs.set(file, proof)
  return proof
}

function verdictOf({ results, broken }: Run, mutation: Mutation): Omit<Verdict, 'name'> {
  const failed = results.find(({ status }) => status === 'failed')
  if (failed) return { said: 'noticed', more: `${failed.name}: ${firstLine(failed.message)}` }
  const isUnrunnable =
    (results.length === 0 && broken === '') || /SyntaxError|Transform failed|is not defined|no tests in/.test(broken)
  if (isUnrunnable) return { said: 'broken', more: broken.slice(0, 500) }
  // A hook that fails has no test to its name.
  return broken === ''
    ? { said: 'unnoticed', more: mutation.tests.join(', ') }
    : { said: 'noticed', more: firstLine(broken) }
}
