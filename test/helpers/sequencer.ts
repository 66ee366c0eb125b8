import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, in the order in which they begin: one that began last would be waited for alone. */
const LONGEST = [
  ...['access/twins', 'webhooks/fairness', 'tickets/cursor', 'tickets/totals', 'access/roles'],
  ...['node/crash', 'node/docs', 'node/deploy', 'node/backup', 'node/admin', 'node/webhooks', 'node/migrations-killed'],
].map((name) => `/test/${name}.test.ts`)

/** Orders the files of each project: the longest, and then as Vitest does, which knows no durations on a new machine. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project)
    return [...byProject.values()].flatMap((own) => own.toSorted((a, b) => placeOf(a) - placeOf(b)))
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((name) => moduleId.endsWith(name))
  return place < 0 ? LONGEST.length : place
}
