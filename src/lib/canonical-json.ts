/**
 * One text for all JSON texts of equal values: without white space, and the members of objects in one order, as RFC 8785
 * describes. `value` comes from `JSON.parse`.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, each) => (isObject(each) ? withSortedMembers(each) : each))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withSortedMembers(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
}
