interface Notation {
  string(text: string): string
  key(name: string): string
  indent: string
  true: string
  false: string
  null: string
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/
const singleQuoted = (text: string) =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

export const TYPESCRIPT: Notation = {
  string: singleQuoted,
  key: (name) => (IDENTIFIER.test(name) ? name : singleQuoted(name)),
  indent: '  ',
  true: 'true',
  false: 'false',
  null: 'null',
}

export const PYTHON: Notation = {
  string: (text) => JSON.stringify(text),
  key: (name) => JSON.stringify(name),
  indent: '    ',
  true: 'True',
  false: 'False',
  null: 'None',
}

const MAX_WIDTH = 72

/** A JSON value as a literal of the language, on one line if it is short. */
export function literal(value: unknown, notation: Notation, indent = ''): string {
  if (typeof value === 'string') return notation.string(value)
  if (value === true) return notation.true
  if (value === false) return notation.false
  if (value === null || typeof value !== 'object') return value === null ? notation.null : String(value)
  const inner = `${indent}${notation.indent}`
  const isList = Array.isArray(value)
  const parts = isList
    ? value.map((item) => literal(item, notation, inner))
    : Object.entries(value).map(([name, item]) => `${notation.key(name)}: ${literal(item, notation, inner)}`)
  if (parts.length === 0) return isList ? '[]' : '{}'
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  const space = isList || notation === PYTHON ? '' : ' '
  const line = `${open}${space}${parts.join(', ')}${space}${close}`
  if (line.length <= MAX_WIDTH && !line.includes('\n')) return line
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join('')}${indent}${close}`
}
