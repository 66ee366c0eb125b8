import { commandLine } from './lib/command-line.ts'
import { prepareLocalStores } from './prepare.ts'

const MAX_TICKETS = 100_000

const { values } = commandLine({
  name: 'npm run seed',
  about: `Adds tickets to the local account globex, with comments, history and events, between its latest change and now. A server
may be running.`,
  options: {
    tickets: { type: 'string', value: 'N', default: '500', about: `number of tickets, at most ${MAX_TICKETS}` },
  },
  examples: ['npm run seed -- --tickets 2000'],
})

async function main(): Promise<void> {
  const count = Number(values.tickets)
  if (!/^\d+$/.test(values.tickets) || count < 1 || count > MAX_TICKETS)
    throw new Error(`--tickets must be a number from 1 to ${MAX_TICKETS}, not ${values.tickets}`)
  await prepareLocalStores()
  // Imported late, because it loads drizzle, which takes longer than the help.
  const { seedTickets } = await import('./demo/seed.ts')
  seedTickets(count)
  console.log(`Added ${count} tickets to the account globex. Log in as ada@globex.example.`)
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
