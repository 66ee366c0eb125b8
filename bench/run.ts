import { commandLine } from '../scripts/lib/command-line.ts'

const { values } = commandLine({
  name: 'npm run bench',
  about: `Measures the cost of each route at D1 and its speed, in accounts of three sizes, compared with a minimal Worker on the same
data. Also measures the memory of file transfers. Writes bench/results.`,
  options: {
    quick: { type: 'boolean', about: 'smaller accounts and shorter rounds: two minutes; results are not comparable' },
    memory: { type: 'boolean', about: 'measure only the memory of file transfers' },
    requests: { type: 'boolean', about: 'measure only the time within the Worker, without D1 and the runtime' },
    neighbor: { type: 'boolean', about: 'measure the D1 time of a small account with and without a large one' },
    storage: { type: 'boolean', about: 'measure the bytes of each kind of row' },
    against: {
      type: 'string',
      value: 'REF',
      about: 'compare the CPU time, or with --requests that time, with a commit',
    },
  },
  examples: ['npm run bench -- --quick', 'npm run bench -- --requests --against main'],
})

// Imported late, because it loads the Worker, which takes longer than the help.
const { runBenchmark } = await import('./benchmark.ts')
const { quick = false, memory = false, requests = false, neighbor = false, storage = false, against } = values
await runBenchmark({ quick, memory, requests, neighbor, storage, against })
