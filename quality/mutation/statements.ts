/**
 * Statements that contain marked conditions: see `account-conditions.ts`. Imports nothing, because it also runs in a
 * Worker.
 */

/** Replaces the condition by a true one with the same values, so that parameters keep their numbers. */
export function withoutCondition(statement: string, id: string): string {
  return statement.replace(new RegExp(String.raw`/\*<${id}\*/([\s\S]*?)/\*${id}>\*/`, 'g'), (_, part: string) => {
    if (part.trimEnd().endsWith(',')) return ''
    const values = part.match(/\?\d*/g) ?? []
    return `(1${values.map((value) => ` OR ${value} IS NULL`).join('')})`
  })
}

export function conditionsIn(statement: string): string[] {
  return [...statement.matchAll(/\/\*<(\w+)\*\//g)].map(([, id]) => id ?? '')
}
