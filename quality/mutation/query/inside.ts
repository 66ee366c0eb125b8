import { type Action, changeOf, type SourceChange } from './change.ts'
import type { Kind } from './find.ts'
import { follow, nodePlace, type Step, type Which } from './place.ts'
import type { Sources } from './sources.ts'

/** One change to the source: a declaration, trigger or route, the steps to a place in it, and the action there. */
export interface Edit {
  from: { declaration: string } | { trigger: string } | { operation: string }
  steps: readonly Step[]
  action: Action
}

/** Throws a StaleError unless the query finds exactly one place. */
export function resolve(sources: Sources, { from, steps, action }: Edit): SourceChange {
  const place = follow(sources, startOf(sources, from), steps)
  return changeOf(place, sources.text(place.file), action)
}

function startOf(sources: Sources, from: Edit['from']) {
  if ('declaration' in from) {
    const { file, node } = sources.declaration(from.declaration)
    return nodePlace(file, node)
  }
  if ('operation' in from) {
    const { file, node } = sources.route(from.operation)
    return nodePlace(file, node)
  }
  const { file, text, start } = sources.trigger(from.trigger)
  return { file, start, end: start + text.length, node: null, conjunction: null }
}

/**
 * A query for one place of a declaration. Every step finds exactly one: the only one there, or the `nth` of `of`, in the
 * order of the source. Steps that count rather than name survive renames, and go stale when what they count changes.
 */
export class Query {
  private readonly from: Edit['from']
  private readonly steps: readonly Step[]

  constructor(from: Edit['from'], steps: readonly Step[] = []) {
    this.from = from
    this.steps = steps
  }

  /** The call of a function or method, by its last name. */
  call = (name: string, ...which: Which) => this.find({ find: 'call', name }, which)
  /** The use of a name, such as that of a middleware. */
  reference = (name: string, ...which: Which) => this.find({ find: 'reference', name }, which)
  /** The condition of an `if`, a loop or a `? :`. */
  condition = (...which: Which) => this.find({ find: 'condition' }, which)
  statement = (...which: Which) => this.find({ find: 'statement' }, which)
  /** The expression that a function returns. */
  returned = (...which: Which) => this.find({ find: 'returned' }, which)
  operator = (operator: string, ...which: Which) => this.find({ find: 'operator', operator }, which)
  literal = (value: string | number, ...which: Which) => this.find({ find: 'literal', value }, which)
  /** A regular expression. */
  pattern = (...which: Which) => this.find({ find: 'pattern' }, which)
  template = (...which: Which) => this.find({ find: 'template' }, which)
  property = (name: string, ...which: Which) => this.find({ find: 'property', name }, which)
  variable = (...which: Which) => this.find({ find: 'variable' }, which)
  array = (...which: Which) => this.find({ find: 'array' }, which)
  object = (...which: Which) => this.find({ find: 'object' }, which)

  /** The nth argument, operand, element, property, branch or interpolated value. */
  part = (nth: number) => this.add({ step: 'part', nth })
  /** The value of a property, constant or field. */
  value = () => this.add({ step: 'value' })
  /** The object of a method call. */
  receiver = () => this.add({ step: 'receiver' })
  body = () => this.add({ step: 'body' })
  else = () => this.add({ step: 'else' })
  enclosingIf = () => this.add({ step: 'enclosing if' })
  enclosingStatement = () => this.add({ step: 'enclosing statement' })

  /** A condition of a statement, such as `kind = 'person'`; to remove it takes an AND away too. See `sql.ts`. */
  sqlCondition = (text: string, ...which: Which) => this.add({ step: 'sql condition', text, which })
  /** Any part of a statement. */
  sql = (text: string, ...which: Which) => this.add({ step: 'sql', text, which })
  /** Characters as they are in the source, for strings and patterns. */
  text = (text: string, ...which: Which) => this.add({ step: 'text', text, which })

  /** With the comma, operator or AND that joins it to others. */
  remove = () => this.end({ action: 'remove' })
  negate = () => this.end({ action: 'negate' })
  always = (value: boolean) => this.end({ action: 'always', value })
  /** Leaves the object of the method call. */
  unchain = () => this.end({ action: 'unchain' })
  /** `$0` stands for the replaced text, `$1`, `$2` … for its parts. */
  replaceWith = (text: string) => this.end({ action: 'replace', text })

  private find(kind: Kind, which: Which): Query {
    return this.add({ step: 'find', kind, which })
  }

  private add(step: Step): Query {
    return new Query(this.from, [...this.steps, step])
  }

  private end(action: Action): Edit {
    return { from: this.from, steps: this.steps, action }
  }
}
