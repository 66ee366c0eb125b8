import type { DatabaseSync } from 'node:sqlite'
import { accountCounters } from '../src/db/schema/accounts.ts'
import { sql } from '../src/db/sql.ts'
import { select } from '../src/db/statement.ts'
import { update } from '../src/db/write.ts'
import { activityOf } from './demo/globex.ts'
import { insertDemoRows } from './demo/insert.ts'
import { GLOBEX } from './demo/people.ts'
import { commandLine } from './lib/command-line.ts'
import { openLocalFile, rowsOf } from './lib/local-file.ts'
import { sqlText } from './lib/sql-text.ts'
import { prepareLocalStores } from './prepare.ts'

const MAX_TICKETS = 100_000
/** In one transaction, which delays the writes of a running server. */
const TICKETS_OF_TRANSACTION = 500

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
  const file = openLocalFile({ readOnly: false })
  try {
    const now = Date.now()
    for (let left = count; left > 0; left -= TICKETS_OF_TRANSACTION)
      addTickets(file, Math.min(left, TICKETS_OF_TRANSACTION), TICKETS_OF_TRANSACTION / Math.max(left, 1), now)
  } finally {
    file.close()
  }
  console.log(`Added ${count} tickets to the account globex. Log in as ada@globex.example.`)
}

/** `share` of the time until `now` is for these tickets. */
function addTickets(file: DatabaseSync, count: number, share: number, now: number): void {
  file.exec('BEGIN IMMEDIATE')
  try {
    const { ticketNumber, eventSequence, lastWriteAt } = readCounters(file)
    const from = lastWriteAt + 1
    const to = from + Math.max(0, now - from) * Math.min(1, share)
    const activity = activityOf(count, { from, to }, { ticketNumber, eventSequence }, ticketNumber)
    const counters = update(
      accountCounters,
      {
        ticketNumber: activity.ticketNumber,
        eventSequence: activity.eventSequence,
        lastWriteAt: activity.lastWriteAt,
      },
      sql`${accountCounters.accountId} = ${GLOBEX}`,
    )
    for (const statement of [...insertDemoRows(activity.rows), counters]) file.exec(sqlText(statement))
    file.exec('COMMIT')
  } catch (error) {
    file.exec('ROLLBACK')
    throw error
  }
}

function readCounters(file: DatabaseSync) {
  const { accountId, ticketNumber, eventSequence, lastWriteAt } = accountCounters
  const condition = sql`FROM ${accountCounters} WHERE ${accountId} = ${GLOBEX}`
  const [row] = rowsOf(file, sqlText(select({ ticketNumber, eventSequence, lastWriteAt }, condition)))
  if (!row) throw new Error('There is no account globex: npm run reset and npm start create it again.')
  return {
    ticketNumber: Number(row.ticketNumber),
    eventSequence: Number(row.eventSequence),
    lastWriteAt: Number(row.lastWriteAt),
  }
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
