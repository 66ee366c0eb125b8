interface Operation {
  parameters?: unknown[] | undefined
}
interface Parameter {
  name: string
  in: string
  description?: string
  schema: Schema
}
interface Schema {
  description?: string
  allOf?: Schema[]
}

const METHODS = new Set(['get', 'post', 'patch', 'delete'])

/** Moves parameters that several operations share into components, and returns those by name. Modifies the document. */
export function shareParameters(paths: object) {
  const operations = operationsOf(paths)
  const parameters = operations.flatMap((operation) => operation.parameters?.filter(isParameter) ?? [])
  for (const parameter of parameters) removeRepeatedDescription(parameter)
  const forms = [...Map.groupBy(parameters, ({ name }) => name)]
  const shared = new Map(forms.flatMap(([name, found]) => (areTheSame(found) ? [[name, found[0]] as const] : [])))
  for (const operation of operations)
    operation.parameters = operation.parameters?.map((parameter) =>
      isParameter(parameter) && shared.has(parameter.name)
        ? { $ref: `#/components/parameters/${parameter.name}` }
        : parameter,
    )
  return Object.fromEntries(shared)
}

/** Headers that many operations have, from the most to the least interesting. All others come before them. */
const LAST_HEADERS = ['Idempotency-Key', 'X-D1-Bookmark', 'X-Request-Id']

/** Sorts by path, query and header, and otherwise keeps the order. `components` has those that are shared. Modifies the document. */
export function sortParameters(paths: object, components: Record<string, unknown>): void {
  function rank(parameter: unknown): number {
    const found = isReference(parameter) ? components[parameter.$ref.split('/').at(-1) ?? ''] : parameter
    if (!isParameter(found)) throw new Error(`There is no parameter ${JSON.stringify(parameter)}`)
    return ['path', 'query', 'header'].indexOf(found.in) + LAST_HEADERS.indexOf(found.name) + 1
  }
  for (const operation of operationsOf(paths))
    operation.parameters = operation.parameters?.toSorted((a, b) => rank(a) - rank(b))
}

function operationsOf(paths: object): Operation[] {
  return Object.values(paths).flatMap((item: object) =>
    Object.entries(item).flatMap(([method, operation]) => (METHODS.has(method) ? [operation as Operation] : [])),
  )
}

/** The schema library writes the description of a parameter into its schema, too. */
function removeRepeatedDescription(parameter: Parameter): void {
  const { description, ...schema } = parameter.schema
  if (description === parameter.description) parameter.schema = withoutWrapper(schema)
}

/** A reference has been wrapped for the sake of the description next to it. */
function withoutWrapper(schema: Schema): Schema {
  const [reference, ...others] = schema.allOf ?? []
  const isWrapper = reference !== undefined && others.length === 0 && Object.keys(schema).length === 1
  return isWrapper ? reference : schema
}

function isParameter(parameter: unknown): parameter is Parameter {
  return typeof parameter === 'object' && parameter !== null && 'name' in parameter && 'schema' in parameter
}

function isReference(parameter: unknown): parameter is { $ref: string } {
  return typeof parameter === 'object' && parameter !== null && '$ref' in parameter
}

function areTheSame(found: Parameter[]): boolean {
  return found.length > 1 && new Set(found.map((parameter) => JSON.stringify(parameter))).size === 1
}
