import { text } from 'node:stream/consumers'

/**
 * `jq` for the filters that the documents show: paths, `.[]`, `length`, `{a, b: .c.d}` and pipes, with `-r` and `-c`.
 * Anything else fails.
 */
async function main(): Promise<void> {
  const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
  const [filter = '.', ...others] = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
  const unknown = options.find((option) => !['-r', '-c', '-rc'].includes(option))
  if (unknown !== undefined || others.length > 0) throw new Error(`unknown arguments: ${process.argv.slice(2)}`)
  const isRaw = options.some((option) => option.includes('r'))
  const indent = options.some((option) => option.includes('c')) ? 0 : 2
  for (const input of inputsOf(await text(process.stdin)))
    for (const output of apply(filter, input))
      console.info(isRaw && typeof output === 'string' ? output : JSON.stringify(output, null, indent))
}

/** One document, or one in each line. */
function inputsOf(source: string): unknown[] {
  try {
    return [JSON.parse(source)]
  } catch {
    return source.trim().split('\n').map(parsed)
  }
}

function parsed(line: string): unknown {
  return JSON.parse(line)
}

function apply(filter: string, input: unknown): unknown[] {
  return splitAt('|', filter).reduce<unknown[]>(
    (values, step) => values.flatMap((value) => applyStep(step, value)),
    [input],
  )
}

function applyStep(step: string, value: unknown): unknown[] {
  if (step === 'length') return [Array.isArray(value) ? value.length : Object.keys(Object(value)).length]
  if (step.startsWith('{') && step.endsWith('}')) return [construct(step.slice(1, -1), value)]
  if (!/^\.(?:\w+|\[(?:\d+|-1)?\])?(?:\.\w+|\[(?:\d+|-1)?\])*$/.test(step))
    throw new Error(`this jq does not know ${step}`)
  const parts = step.match(/\w+|\[[-\d]*\]/g) ?? []
  return parts.reduce<unknown[]>((values, part) => values.flatMap((one) => select(part, one)), [value])
}

function select(part: string, value: unknown): unknown[] {
  if (part === '[]') return Object.values(Object(value))
  if (!part.startsWith('[')) return [Object(value)[part] ?? null]
  const index = Number(part.slice(1, -1))
  return [(Array.isArray(value) ? value.at(index) : undefined) ?? null]
}

function construct(fields: string, value: unknown): object {
  const entries = splitAt(',', fields).map((field) => {
    const [name = '', path = `.${name}`] = field.split(/:\s*/)
    return [name, apply(path, value)[0]]
  })
  return Object.fromEntries(entries)
}

/** At the separators outside braces. */
function splitAt(separator: string, source: string): string[] {
  const parts = ['']
  let depth = 0
  for (const character of source) {
    if (character === '{') depth += 1
    if (character === '}') depth -= 1
    if (character === separator && depth === 0) parts.push('')
    else parts.push(`${parts.pop()}${character}`)
  }
  return parts.map((part) => part.trim())
}

await main().catch((error: unknown) => {
  console.error(`jq: ${error instanceof Error ? error.message : error}`)
  process.exit(5)
})
