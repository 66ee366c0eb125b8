import type { DatabaseSync } from 'node:sqlite'
import { accountCounters } from '../../src/db/schema/accounts.ts'
import { sql } from '../../src/db/sql.ts'
import { select } from '../../src/db/statement.ts'
import { update } from '../../src/db/write.ts'
import { openLocalFile, rowsOf } from '../lib/local-file.ts'
import { sqlText } from '../lib/sql-text.ts'
import { activityOf } from './globex.ts'
import { insertDemoRows } from './insert.ts'
import { GLOBEX } from './people.ts'

/** In one transaction, which delays the writes of a running server. */
const TICKETS_OF_TRANSACTION = 500

/** Adds tickets to the local account globex, until now. */
export function seedTickets(count: number): void {
  const file = openLocalFile({ readOnly: false })
  try {
    const now = Date.now()
    for (let left = count; left > 0; left -= TICKETS_OF_TRANSACTION)
      addTickets(file, Math.min(left, TICKETS_OF_TRANSACTION), TICKETS_OF_TRANSACTION / Math.max(left, 1), now)
  } finally {
    file.close()
  }
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
