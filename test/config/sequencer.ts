import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, in the order in which they begin: one that began last would be waited for alone. */
const LONGEST = [
  ...[
    'quality/tenant-isolation/tenant-isolation',
    'test/webhooks/fairness',
    'test/tickets/cursor',
    'test/tickets/totals',
  ],
  ...['test/access/roles', 'quality/crash/crash', 'test/docs/page', 'test/scripts/deploy', 'test/scripts/backup'],
  ...['test/scripts/admin', 'test/webhooks/webhooks', 'test/db/migrations-killed'],
].map((name) => `/${name}.`)

/** Orders the files of each project: the longest, and then as Vitest does, which knows no durations on a new machine. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project)
    return [...byProject.values()].flatMap((own) => own.toSorted((a, b) => placeOf(a) - placeOf(b)))
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((name) => moduleId.includes(name))
  return place < 0 ? LONGEST.length : place
}
