import { readFileSync } from 'node:fs'
import { type Condition, findConditions, marked, type Redundant, sourceFiles } from './conditions.ts'
import { Copy } from './copy.ts'
import { REDUNDANT } from './redundant.ts'
import { firstLine, type Verdict } from './verdict.ts'
import { type Result, Vitest } from './vitest-run.ts'

/** The name under which a condition is told of. */
export function nameOfCondition({ file, line, text, nth }: Condition): string {
  return `${file}:${line}: ${text}${nth === 0 ? '' : ` #${nth + 1}`}`
}

/** Judges account conditions, in one process: they are taken away while it runs. Tells of each as soon as it is known. */
export async function judgeConditions(
  project: string,
  wanted: (name: string) => boolean,
  note: (verdict: Verdict) => void,
): Promise<void> {
  const known = findConditions(project)
  for (const listed of REDUNDANT)
    if (!known.some((condition) => isListed(condition, listed)))
      note({ name: `${listed.file}: ${listed.text}`, said: 'stale', more: 'listed as redundant, and not there' })
  const chosen = known
    .filter((condition) => wanted(nameOfCondition(condition)))
    .map((condition) => ({ ...condition, why: REDUNDANT.find((listed) => isListed(condition, listed))?.why ?? null }))
  if (chosen.length === 0) return
  const copy = new Copy(project)
  for (const path of sourceFiles(copy.root)) {
    const file = path.slice(copy.root.length + 1)
    copy.write(file, marked(readFileSync(path, 'utf8'), file).text)
  }
  copy.write('test/judge/conditions.json', JSON.stringify(chosen))
  const vitest = await Vitest.start(copy.root, { bail: false })
  const told = new Set<string>()
  const { broken } = await vitest.run(['test/judge/conditions.judge.ts'], [], (result) => {
    const condition = chosen.find(({ id }) => result.name.split(' ').includes(id))
    if (!condition || result.status === 'skipped') return
    told.add(condition.id)
    note(verdictOf(condition, result))
  })
  vitest.stop()
  copy.remove()
  for (const condition of chosen)
    if (!told.has(condition.id)) note({ name: nameOfCondition(condition), said: 'broken', more: broken.slice(0, 500) })
}

function verdictOf(condition: Condition & { why: string | null }, result: Result): Verdict {
  const name = nameOfCondition(condition)
  if (result.status === 'failed') return { name, said: 'unnoticed', more: firstLine(result.message) }
  return condition.why === null ? { name, said: 'noticed', more: '' } : { name, said: 'redundant', more: condition.why }
}

function isListed(condition: Condition, { file, text, nth }: Redundant): boolean {
  return condition.file === file && condition.text === text && condition.nth === (nth ?? condition.nth)
}
