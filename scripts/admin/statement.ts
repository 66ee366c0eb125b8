export type Value = string | number | null
export type ResultRow = Record<string, Value>

/** Quotes values as literals, because statements for a deployed database cannot bind parameters. */
export function statement(parts: TemplateStringsArray, ...values: Value[]): string {
  return parts.reduce((text, part, index) => text + literal(values[index - 1] ?? null) + part)
}

function literal(value: Value): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (value.includes('\0')) throw new Error('A value must not hold NUL.')
  return `'${value.replaceAll("'", "''")}'`
}
