import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The slowest files, in order: one that started last would delay the end of the run. */
const LONGEST = [
  ...[
    'quality/tenant-isolation/tenant-isolation',
    'test/webhooks/fairness',
    'test/tickets/cursor',
    'test/tickets/totals',
  ],
  ...[
    'test/access/roles',
    'quality/crash/crash',
    'test/docs/reference-page',
    'test/scripts/deploy',
    'test/scripts/backup',
  ],
  ...['test/scripts/admin', 'test/webhooks/webhooks', 'test/db/migrations-killed'],
].map((name) => `/${name}.`)

/** The slowest files first, then the order of Vitest, which knows no durations on a new machine. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project)
    return [...byProject.values()].flatMap((own) => own.toSorted((a, b) => rankOf(a) - rankOf(b)))
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONGEST.findIndex((name) => moduleId.includes(name))
  return rank < 0 ? LONGEST.length : rank
}
