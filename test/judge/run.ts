import { readFileSync } from 'node:fs'
import { findConditions, marked, type Redundant, sourceFiles } from './conditions.ts'
import { Copy } from './copy.ts'
import { guardMutations, IMPORTS } from './guards.ts'
import type { Mutation } from './mutation.ts'
import { MUTATIONS } from './mutations.ts'
import { optionsOf } from './options.ts'
import { REDUNDANT } from './redundant.ts'
import { runVitest } from './vitest-run.ts'

/**
 * Judges the tests: takes away one check of the source after the other, in a copy, and expects the tests that are named
 * for it to fail. Ends with code 1 where one does not.
 */

const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')

interface Verdict {
  name: string
  /** What the tests said; `stale` where the mutation no longer fits the source, `broken` where nothing could be run. */
  said: 'noticed' | 'unnoticed' | 'redundant' | 'stale' | 'broken'
  more: string
}

const nameOf = ({ file, becomes, text, run, noticed }: Mutation) =>
  `${file}: ${run ? `${run}: ${noticed}` : `${firstLine(text)} → ${firstLine(becomes)}`}`

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line === '' ? 'nothing' : line.length > 70 ? `${line.slice(0, 70)}…` : line
}

const occurrences = (source: string, text: string) => source.split(text).length - 1

/** One mutation in a process of its own. */
async function judge(copy: Copy, mutation: Mutation): Promise<Verdict> {
  const name = nameOf(mutation)
  const source = copy.read(mutation.file)
  if (occurrences(source, mutation.text) !== 1)
    return { name, said: 'stale', more: 'its text does not stand there once' }
  copy.write(
    mutation.file,
    source.replace(mutation.text, () => mutation.becomes),
  )
  try {
    const { results, broken } = await runVitest(copy.root, mutation.tests, { bail: true })
    const failed = results.find(({ status }) => status === 'failed')
    if (failed) return { name, said: 'noticed', more: failed.name }
    const isUnrunnable =
      results.length === 0 || /SyntaxError|Transform failed|is not defined|No test files/.test(broken)
    if (isUnrunnable) return { name, said: 'broken', more: broken.slice(0, 500) }
    // A hook that fails has no test to its name.
    return broken === ''
      ? { name, said: 'unnoticed', more: mutation.tests.join(', ') }
      : { name, said: 'noticed', more: firstLine(broken) }
  } finally {
    copy.write(mutation.file, source)
  }
}

/** Mutations that do not touch each other, in one process: each has a test of its own that must fail. */
async function judgeTogether(copy: Copy, mutations: Mutation[]): Promise<Verdict[]> {
  const before = new Map<string, string>()
  for (const { file, text, becomes } of mutations) {
    const source = copy.read(file)
    if (!before.has(file)) before.set(file, source)
    copy.write(
      file,
      source.replace(text, () => becomes),
    )
  }
  for (const file of before.keys()) copy.write(file, `${IMPORTS}${copy.read(file)}`)
  const files = [...new Set(mutations.flatMap(({ tests }) => tests))]
  const { results, broken } = await runVitest(copy.root, files, { bail: false })
  for (const [file, source] of before) copy.write(file, source)
  return mutations.map((mutation) => {
    const name = nameOf(mutation)
    const own = results.filter((result) => result.name.split(' ').includes(mutation.noticed ?? ''))
    if (own.length === 0) return { name, said: 'broken', more: broken.slice(0, 500) || 'no test bears its name' }
    const failed = own.find(({ status }) => status === 'failed')
    return failed ? { name, said: 'noticed', more: failed.name } : { name, said: 'unnoticed', more: files.join(', ') }
  })
}

/** All account conditions, in one process: they are taken away while it runs. */
async function judgeConditions(copy: Copy, wanted: (name: string) => boolean): Promise<Verdict[]> {
  const known = findConditions(ROOT)
  const isListed = (listed: Redundant) =>
    known.some(({ file, text, nth }) => file === listed.file && text === listed.text && nth === (listed.nth ?? nth))
  const stale = REDUNDANT.filter((listed) => !isListed(listed)).map(
    ({ file, text }): Verdict => ({
      name: `${file}: ${text}`,
      said: 'stale',
      more: 'listed as redundant, and not there',
    }),
  )
  const conditions = known.map((condition) => {
    const listed = REDUNDANT.find(
      ({ file, text, nth }) =>
        condition.file === file && condition.text === text && (nth ?? condition.nth) === condition.nth,
    )
    return { ...condition, why: listed?.why ?? null, name: `${condition.file}:${condition.line}: ${condition.text}` }
  })
  const chosen = conditions.filter(({ name }) => wanted(name))
  if (chosen.length === 0) return stale
  for (const path of sourceFiles(copy.root)) {
    const file = path.slice(copy.root.length + 1)
    copy.write(file, marked(readFileSync(path, 'utf8'), file).text)
  }
  copy.write('test/judge/conditions.json', JSON.stringify(chosen))
  const { results, broken } = await runVitest(copy.root, ['test/judge/conditions.judge.ts'], { bail: false })
  return [
    ...stale,
    ...chosen.map(({ id, name, why }): Verdict => {
      const result = results.find((each) => each.name.split(' ').includes(id))
      if (!result || result.status === 'skipped') return { name, said: 'broken', more: broken.slice(0, 500) }
      if (result.status === 'failed') return { name, said: 'unnoticed', more: firstLine(result.message) }
      return why === null ? { name, said: 'noticed', more: '' } : { name, said: 'redundant', more: why }
    }),
  ]
}

function tell(verdict: Verdict): void {
  process.stdout.write(`${verdict.said.padEnd(10)} ${verdict.name}${verdict.more ? `  (${verdict.more})` : ''}\n`)
}

async function main(): Promise<void> {
  const { only, isList, kind, slice } = optionsOf(process.argv.slice(2))
  const wanted = (name: string) => only === null || name.includes(only)
  const chosen = (mutations: Mutation[]) => mutations.filter((mutation) => wanted(nameOf(mutation)))
  const is = (name: typeof kind) => kind === null || kind === name
  const guards = is('guards') ? chosen(guardMutations(ROOT)) : []
  const list = is('list') ? chosen(MUTATIONS) : []
  const alone = slice === null ? list : list.filter((_, index) => index % slice.of === slice.at - 1)
  if (isList) {
    const conditions = findConditions(ROOT).map(({ file, line, text }) => `${file}:${line}: ${text}`)
    const names = [...(is('conditions') ? conditions.filter(wanted) : []), ...[...guards, ...alone].map(nameOf)]
    for (const name of names) process.stdout.write(`${name}\n`)
    return
  }
  const verdicts: Verdict[] = []
  const note = (found: Verdict[]) => {
    found.forEach(tell)
    verdicts.push(...found)
  }
  const copies = [new Copy(ROOT), new Copy(ROOT), new Copy(ROOT)] as const
  try {
    const [first, second, marks] = copies
    const queue = [...alone]
    const work = async (copy: Copy) => {
      for (let next = queue.shift(); next; next = queue.shift()) note([await judge(copy, next)])
    }
    const batches = async () => {
      if (is('conditions')) note(await judgeConditions(marks, wanted))
      for (const run of new Set(guards.map((guard) => guard.run)))
        note(
          await judgeTogether(
            second,
            guards.filter((guard) => guard.run === run),
          ),
        )
    }
    await Promise.all([work(first), batches().then(() => work(second))])
  } finally {
    for (const copy of copies) copy.remove()
  }
  const counted = verdicts.filter(({ said }) => said !== 'redundant')
  const noticed = counted.filter(({ said }) => said === 'noticed').length
  const others = counted.filter(({ said }) => said !== 'noticed')
  if (others.length > 0) process.stdout.write('\nNot noticed:\n')
  others.forEach(tell)
  const score = counted.length === 0 ? 0 : (100 * noticed) / counted.length
  process.stdout.write(`\n${noticed} of ${counted.length} mutations were noticed: ${score.toFixed(1)} %`)
  process.stdout.write(`; ${verdicts.length - counted.length} conditions are listed as redundant.\n`)
  process.exitCode = noticed === counted.length && counted.length > 0 ? 0 : 1
}

await main()
