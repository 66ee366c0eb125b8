import { z } from 'zod'
import { openLocalFile, rowsOf } from '../lib/local-file.ts'
import { runWrangler } from '../lib/local-state.ts'
import type { Database } from './database.ts'
import type { RunQuery } from './dump.ts'

/** `mark` changes with every write; null for a consistent snapshot. */
export interface Source {
  runQuery: RunQuery
  mark(): string | null
  close(): void
}

const TimeTravel = z.object({ bookmark: z.string() })

/** D1 has no snapshots across several queries. */
export function openSource(db: Database): Source {
  return db.environment === null ? openLocal() : openDeployed(db, db.environment)
}

function openLocal(): Source {
  const file = openLocalFile({ readOnly: true })
  // One transaction: every query sees the same snapshot, even while a server writes.
  file.exec('BEGIN')
  const runQuery: RunQuery = (query) => rowsOf(file, query)
  return { runQuery, mark: () => null, close: () => file.close() }
}

function openDeployed(db: Database, environment: string): Source {
  const info = ['d1', 'time-travel', 'info', 'DB', '--json', '--env', environment]
  return {
    runQuery: (query) => db.run(query)[0] ?? [],
    mark: () => TimeTravel.parse(JSON.parse(runWrangler(info))).bookmark,
    close: () => undefined,
  }
}
