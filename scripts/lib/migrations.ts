import { readdirSync } from 'node:fs'
import { ROOT } from './local-state.ts'

export const MIGRATIONS = `${ROOT}migrations/`

export function migrationNames(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}
