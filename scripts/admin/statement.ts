import type { Value } from '../lib/sql-text.ts'

export type ResultRow = Record<string, Value>
