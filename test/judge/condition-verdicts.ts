import { readFileSync } from 'node:fs'
import { type Condition, findConditions, marked, type Redundant, sourceFiles } from './conditions.ts'
import { Copy } from './copy.ts'
import { REDUNDANT } from './redundant.ts'
import { firstLine, type Verdict } from './verdict.ts'
import { Vitest } from './vitest-run.ts'

/** The name under which a condition is told of. */
export function nameOfCondition({ file, line, text }: Condition): string {
  return `${file}:${line}: ${text}`
}

/** Judges account conditions, in one process: they are taken away while it runs. */
export async function judgeConditions(project: string, wanted: (name: string) => boolean): Promise<Verdict[]> {
  const known = findConditions(project)
  const stale = REDUNDANT.filter((listed) => !known.some((condition) => isListed(condition, listed))).map(
    ({ file, text }): Verdict => ({
      name: `${file}: ${text}`,
      said: 'stale',
      more: 'listed as redundant, and not there',
    }),
  )
  const chosen = known
    .filter((condition) => wanted(nameOfCondition(condition)))
    .map((condition) => ({ ...condition, why: REDUNDANT.find((listed) => isListed(condition, listed))?.why ?? null }))
  if (chosen.length === 0) return stale
  const copy = new Copy(project)
  for (const path of sourceFiles(copy.root)) {
    const file = path.slice(copy.root.length + 1)
    copy.write(file, marked(readFileSync(path, 'utf8'), file).text)
  }
  copy.write('test/judge/conditions.json', JSON.stringify(chosen))
  const vitest = await Vitest.start(copy.root, { bail: false })
  const { results, broken } = await vitest.run(['test/judge/conditions.judge.ts'])
  vitest.stop()
  copy.remove()
  return [
    ...stale,
    ...chosen.map((condition): Verdict => {
      const name = nameOfCondition(condition)
      const result = results.find((each) => each.name.split(' ').includes(condition.id))
      if (!result || result.status === 'skipped') return { name, said: 'broken', more: broken.slice(0, 500) }
      if (result.status === 'failed') return { name, said: 'unnoticed', more: firstLine(result.message) }
      return condition.why === null
        ? { name, said: 'noticed', more: '' }
        : { name, said: 'redundant', more: condition.why }
    }),
  ]
}

function isListed(condition: Condition, { file, text, nth }: Redundant): boolean {
  return condition.file === file && condition.text === text && condition.nth === (nth ?? condition.nth)
}
