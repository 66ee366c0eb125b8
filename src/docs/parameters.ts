interface Operation {
  parameters?: unknown[] | undefined
}
interface Parameter {
  name: string
  in: string
}

const METHODS = new Set(['get', 'post', 'patch', 'delete'])

/** Moves parameters that several operations share into components, and returns those by name. Modifies the document. */
export function shareParameters(paths: object) {
  const operations = Object.values(paths).flatMap((item: object) => operationsOf(item))
  const parameters = operations.flatMap((operation) => operation.parameters?.filter(isParameter) ?? [])
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

function operationsOf(item: object): Operation[] {
  return Object.entries(item).flatMap(([method, operation]) => (METHODS.has(method) ? [operation as Operation] : []))
}

function isParameter(parameter: unknown): parameter is Parameter {
  return typeof parameter === 'object' && parameter !== null && 'name' in parameter && 'in' in parameter
}

function areTheSame(found: Parameter[]): boolean {
  return found.length > 1 && new Set(found.map((parameter) => JSON.stringify(parameter))).size === 1
}
