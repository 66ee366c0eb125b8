import { Copy } from './copy.ts'
import type { Mutation } from './mutation.ts'
import { nameOf, type Verdict } from './verdict.ts'
import { Vitest } from './vitest-run.ts'

/** Judges mutations that do not touch each other in one run: each has a test of its own that must fail. */
export async function judgeTogether(project: string, mutations: Mutation[]): Promise<Verdict[]> {
  const copy = new Copy(project)
  const files = [...new Set(mutations.flatMap(({ tests }) => tests))]
  const vitest = await Vitest.start(copy.root, { bail: false })
  try {
    const before = await vitest.run(files)
    const sources = new Map(mutations.map(({ file }) => [file, copy.read(file)]))
    const isStale = ({ file, text }: Mutation) => sources.get(file)?.split(text).length !== 2
    for (const { file, text, becomes } of mutations)
      copy.write(
        file,
        copy.read(file).replace(text, () => becomes),
      )
    for (const { file, imports } of new Map(mutations.map((mutation) => [mutation.file, mutation])).values()) {
      copy.write(file, `${imports ?? ''}${copy.read(file)}`)
      vitest.hasChanged(file)
    }
    const after = await vitest.run(files)
    return mutations.map((mutation) => {
      const name = nameOf(mutation)
      const bearsIt = (result: { name: string }) => ` ${result.name} `.includes(` ${mutation.noticed} `)
      if (isStale(mutation)) return { name, said: 'stale', more: 'its text does not stand there once' }
      const own = after.results.filter(bearsIt)
      if (own.length === 0)
        return { name, said: 'broken', more: after.broken.slice(0, 500) || 'no test bears its name' }
      if (before.results.filter(bearsIt).some(({ status }) => status !== 'passed'))
        return { name, said: 'broken', more: 'its test fails without it' }
      const failed = own.find(({ status }) => status === 'failed')
      return failed ? { name, said: 'noticed', more: failed.name } : { name, said: 'unnoticed', more: files.join(', ') }
    })
  } finally {
    vitest.stop()
    copy.remove()
  }
}
