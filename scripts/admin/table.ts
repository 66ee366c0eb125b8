import type { ResultRow } from './statement.ts'

/** Rows as a table for a person: a heading, and columns as wide as what is in them. */
export function formatTable(headings: string[], rows: string[][]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** A column of a row as text. */
export function cell(row: ResultRow, column: string): string {
  return String(row[column] ?? '')
}
