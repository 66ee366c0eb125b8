import { type Condition, type EquivalentCondition, findConditions, markConditions } from './account-conditions.ts'
import { Copy } from './copy.ts'
import { EQUIVALENT_CONDITIONS } from './equivalent-conditions.ts'
import { Sources } from './query/sources.ts'
import { firstLine, type Result } from './result.ts'
import { type TestResult, Vitest } from './vitest-run.ts'

export function nameOfCondition({ declaration, text, nth }: Condition): string {
  return `${declaration}: ${text}${nth === 0 ? '' : ` #${nth + 1}`}`
}

/** Removes account conditions one at a time, in one process: while it runs, from the statements that it runs. */
export async function runConditions(
  project: string,
  isWanted: (name: string) => boolean,
  report: (result: Result) => void,
): Promise<void> {
  const sources = new Sources(project)
  const known = findConditions(sources)
  for (const listed of EQUIVALENT_CONDITIONS)
    if (!known.some((condition) => isListed(condition, listed)))
      report({ name: `${listed.declaration}: ${listed.text}`, outcome: 'stale', detail: 'there is no such condition' })
  const chosen = known
    .filter((condition) => isWanted(nameOfCondition(condition)))
    .map((condition) => ({ ...condition, reason: reasonOf(condition) }))
  if (chosen.length === 0) return
  const copy = new Copy(project)
  for (const file of sources.files.keys()) copy.write(file, markConditions(sources, file).text)
  copy.write('quality/mutation/conditions.json', JSON.stringify(chosen))
  const vitest = await Vitest.start(copy.root, { bail: false })
  const reported = new Set<string>()
  const { broken } = await vitest.run(['quality/mutation/account-conditions.suite.ts'], [], (test) => {
    const condition = chosen.find(({ id }) => test.name.split(' ').includes(id))
    if (!condition || test.status === 'skipped') return
    reported.add(condition.id)
    report(resultOf(condition, test))
  })
  vitest.stop()
  copy.remove()
  for (const condition of chosen)
    if (!reported.has(condition.id))
      report({ name: nameOfCondition(condition), outcome: 'broken', detail: broken.slice(0, 500) })
}

function resultOf(condition: Condition & { reason: string | null }, test: TestResult): Result {
  const name = nameOfCondition(condition)
  if (test.status === 'failed') return { name, outcome: 'survived', detail: firstLine(test.message) }
  if (condition.reason === null) return { name, outcome: 'killed', detail: '' }
  return { name, outcome: 'equivalent', detail: condition.reason }
}

function reasonOf(condition: Condition): string | null {
  return EQUIVALENT_CONDITIONS.find((listed) => isListed(condition, listed))?.reason ?? null
}

function isListed(condition: Condition, { declaration, text, nth }: EquivalentCondition): boolean {
  return condition.declaration === declaration && condition.text === text && condition.nth === nth
}
