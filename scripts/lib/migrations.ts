import { readdirSync } from 'node:fs'
import { ROOT } from './local-state.ts'

export const MIGRATIONS = `${ROOT}migrations/`

/** The names of all migrations, in their order. */
export function migrationNames(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}
