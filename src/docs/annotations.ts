/** A member of an `allOf` without these keywords only annotates the others. */
const TYPING = ['$ref', 'type', 'properties', 'allOf', 'anyOf', 'oneOf']

type Node = Record<string, unknown>

/**
 * Moves annotations of a reference, such as a default, out of `allOf` and next to it. The schema library writes
 * `allOf: [{$ref}, {default}]`, which generators for Python and Go reject (openapi-generators/openapi-python-client#674,
 * oapi-codegen/oapi-codegen#1379). Modifies the document.
 */
export function hoistAnnotations(node: unknown): void {
  if (Array.isArray(node)) for (const item of node) hoistAnnotations(item)
  if (!isNode(node)) return
  for (const value of Object.values(node)) hoistAnnotations(value)
  if (!Array.isArray(node.allOf)) return
  const annotations = node.allOf.filter((member) => isNode(member) && !TYPING.some((keyword) => keyword in member))
  node.allOf = node.allOf.filter((member) => !annotations.includes(member))
  Object.assign(node, ...annotations)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
