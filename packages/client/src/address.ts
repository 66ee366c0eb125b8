/** Several values of a list are alternatives. */
type Parameter = string | number | Date | readonly string[] | undefined

/** Encodes the IDs of a path. Throws a `TypeError` for an ID that would change the path. */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  return parts.reduce((before, part, index) => before + encodeId(ids[index - 1]) + part)
}

function encodeId(id: string | undefined): string {
  if (!id || id === '.' || id === '..') throw new TypeError(`${JSON.stringify(id)} is not a valid ID`)
  return encodeURIComponent(id)
}

/** Leaves out undefined parameters. */
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
