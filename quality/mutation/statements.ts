/** Statements that hold marked conditions: see `account-conditions.ts`. Imports nothing, for it runs in a Worker too. */

/** A statement without one of its conditions: a true one replaces it, with the same values, so that they keep their numbers. */
export function withoutCondition(statement: string, id: string): string {
  return statement.replace(new RegExp(String.raw`/\*<${id}\*/([\s\S]*?)/\*${id}>\*/`, 'g'), (_, part: string) => {
    if (part.trimEnd().endsWith(',')) return ''
    const values = part.match(/\?\d*/g) ?? []
    return `(1${values.map((value) => ` OR ${value} IS NULL`).join('')})`
  })
}

/** The IDs of the conditions in a statement. */
export function conditionsIn(statement: string): string[] {
  return [...statement.matchAll(/\/\*<(\w+)\*\//g)].map(([, id]) => id ?? '')
}
