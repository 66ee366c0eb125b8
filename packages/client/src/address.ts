/** What a query parameter may be given as; of a list, each is an alternative. */
type Parameter = string | number | Date | readonly string[] | undefined

/** A path with its IDs encoded. Throws a `TypeError` for one that would make it another path. */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  return parts.reduce((before, part, index) => before + encodeId(ids[index - 1]) + part)
}

function encodeId(id: string | undefined): string {
  if (!id || id === '.' || id === '..') throw new TypeError(`${JSON.stringify(id)} is no ID`)
  return encodeURIComponent(id)
}

/** The address of a path and its parameters; those that are undefined are left out. */
export function addressOf(base: string, path: string, query: object = {}): string {
  const parameters = Object.entries(query).flatMap(([name, value]: [string, Parameter]) =>
    value === undefined ? [] : [[name, textOf(value)]],
  )
  return parameters.length === 0 ? `${base}${path}` : `${base}${path}?${new URLSearchParams(parameters)}`
}

function textOf(value: NonNullable<Parameter>): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? value.join(',') : String(value)
}
