import { z } from 'zod'
import { openLocalFile, rowsOf } from '../lib/local-file.ts'
import { runWrangler } from '../lib/local-state.ts'
import type { Database } from './database.ts'
import type { Ask } from './dump.ts'

/** Where rows are read from, and a mark that moves whenever something is written (null where all is of one moment). */
export interface Source {
  ask: Ask
  mark(): string | null
  close(): void
}

const TimeTravel = z.object({ bookmark: z.string() })

/** Opens a database for reading all of it. A deployed one has no reads over several queries that see one moment. */
export function openSource(db: Database): Source {
  return db.environment === null ? openLocal() : openDeployed(db, db.environment)
}

function openLocal(): Source {
  const file = openLocalFile({ readOnly: true })
  // One transaction: every query sees the same moment, whatever a running server writes.
  file.exec('BEGIN')
  const ask: Ask = (query) => rowsOf(file, query)
  return { ask, mark: () => null, close: () => file.close() }
}

function openDeployed(db: Database, environment: string): Source {
  const info = ['d1', 'time-travel', 'info', 'DB', '--json', '--env', environment]
  return {
    ask: (query) => db.run(query)[0] ?? [],
    mark: () => TimeTravel.parse(JSON.parse(runWrangler(info))).bookmark,
    close: () => undefined,
  }
}
