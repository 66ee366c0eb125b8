import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The conditions in the source that keep accounts apart, and a copy of it in which each can be switched off. */

export interface Condition {
  id: string
  /** Path from the project's root, and line. */
  file: string
  line: number
  text: string
  /** How many conditions of the same text stand before it in the file. */
  nth: number
}

/** A condition that nobody can see missing, and why. */
export interface Redundant {
  file: string
  text: string
  nth?: number
  why: string
}

const VALUE = String.raw`\$\{(?:[^{}]|\{[^{}]*\})*\}`
const CONDITIONS = [
  String.raw`(?<![\w.])\+?(?:\w+\.|\$\{(?:\w+|sql\.raw\(\w+\))\}\.)?account_id = (?:${VALUE}|\w+\.(?:account_id|id)\b)`,
  // Where the value is the next chunk of the statement.
  '\\$\\{\\w+\\}\\.account_id = `\\)\\}\\$\\{\\w+\\}',
  String.raw`(?<![\w.])\w+\.id = \w+\.account_id\b`,
  String.raw`\$\{name\('account_id'\)\} = ${VALUE}`,
  `(?<=accounts WHERE )id = ${VALUE}`,
]
const PATTERN = new RegExp(CONDITIONS.join('|'), 'g')
/** Columns of row values: `(account_id, id) IN (SELECT w.account_id, w.id …`. */
const TUPLE = /\((account_id, )(\w[\w, ]*\) IN \(\s*SELECT )((?:\w+\.)?account_id, )/g

const PARTITION = /(?<=PARTITION BY )\w+\.account_id, /g

/** Every file of source that holds SQL. */
export function sourceFiles(root: string): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('schema.ts'))
    .map((name) => join(root, 'src', name))
    .toSorted()
}

/** The conditions of a project, in their order. */
export function findConditions(root: string): Condition[] {
  return sourceFiles(root).flatMap((path) => marked(readFileSync(path, 'utf8'), relative(root, path)).conditions)
}

/**
 * The text of a file with SQL comments around each of its conditions. They change nothing; the judge finds them in the
 * statements that are run, and there takes away what they enclose.
 */
export function marked(text: string, file: string): { text: string; conditions: Condition[] } {
  const conditions: Condition[] = []
  const note = (condition: string, at: number) => {
    const nth = conditions.filter((each) => each.text === condition).length
    const name = file
      .replace(/^src\//, '')
      .replace(/\.ts$/, '')
      .replaceAll(/\W/g, '_')
    const id = `${name}_${conditions.length + 1}`
    conditions.push({ id, file, line: text.slice(0, at).split('\n').length, text: condition, nth })
    return id
  }
  const enclosed = (id: string, part: string) => `/*<${id}*/${part}/*${id}>*/`
  const withTuples = text.replace(TUPLE, (whole, left: string, between: string, right: string, at: number) => {
    const id = note(whole.replaceAll(/\s+/g, ' '), at)
    return `(${enclosed(id, left)}${between}${enclosed(id, right)}`
  })
  const withPartitions = withTuples.replace(PARTITION, (part: string, at: number) => enclosed(note(part, at), part))
  const all = withPartitions.replace(PATTERN, (condition, ...rest) => {
    const at = rest.find((each) => typeof each === 'number') ?? 0
    return enclosed(note(condition, at), condition)
  })
  return { text: all, conditions }
}

/** A statement without one of its conditions: a true one stands in its place, that takes the same values. */
export function without(statement: string, id: string): string {
  return statement.replace(new RegExp(String.raw`/\*<${id}\*/([\s\S]*?)/\*${id}>\*/`, 'g'), (_, part: string) => {
    if (part.endsWith(', ')) return ''
    const values = part.match(/\?\d*/g) ?? []
    return `(1${values.map((value) => ` OR ${value} IS NULL`).join('')})`
  })
}

/** The IDs of the conditions in a statement. */
export function conditionsIn(statement: string): string[] {
  return [...statement.matchAll(/\/\*<(\w+)\*\//g)].map(([, id]) => id ?? '')
}
