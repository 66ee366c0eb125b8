import { readFileSync } from 'node:fs'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import { tableRows } from './documents.ts'

export const COSTS = readFileSync(`${ROOT}docs/costs.md`, 'utf8')

export const TICKET_PARTS = ['Ticket: row', 'Ticket: indexes', 'Ticket: full text', 'Ticket: tags']

/** The cells of the table in docs/costs.md whose header begins with a text. Throws if there is none. */
export function rowsOfTable(header: string): string[][] {
  return tableRows(COSTS, header)
}

/** 0 for an empty cell. */
export function numberIn(cell: string): number {
  return Number(cell.replaceAll(',', ''))
}

/** The documented bytes of the row whose name begins with a text. */
export function rowBytes(name: string): number {
  const row = rowsOfTable('Row | Bytes').find(([cell]) => cell?.startsWith(name))
  if (!row) throw new Error(`docs/costs.md has no bytes of ${name}`)
  return numberIn(row[1] ?? '')
}
