// Shows /openapi.json with Scalar, which is loaded before. Nothing here or there speaks to another host.

const METHODS = ['get', 'post', 'patch', 'delete']

/**
 * The document as it is to be tried. Scalar sends each example of a parameter, needed or not: a list would be filtered by
 * all of them at once, a change made to the version of the example, and every write sent with the same idempotency key.
 * So what a request can do without is shown, and left out until somebody ticks it.
 */
function withOptionalLeftOut(document) {
  const operations = Object.values(document.paths).flatMap((path) => METHODS.flatMap((method) => path[method] ?? []))
  const parameters = [
    ...Object.values(document.components.parameters),
    ...operations.flatMap((operation) => operation.parameters ?? []),
  ]
  for (const parameter of parameters) {
    if (parameter.$ref !== undefined || parameter.required) continue
    const value = parameter.example ?? parameter.schema.example ?? parameter.schema.default
    if (value === undefined) continue
    parameter.examples = { example: { value, 'x-disabled': true } }
    // Where a body has examples of other names, Scalar would look here for a value to send.
    delete parameter.example
    delete parameter.schema.example
  }
  return document
}

/** How Scalar asks for the document, which it does by its address alone, and sends the requests that are tried. */
async function ask(input, init) {
  const response = await fetch(input, init)
  if (input instanceof Request || !response.ok) return response
  return Response.json(withOptionalLeftOut(await response.json()))
}

/** The settings of the page, for a caller with this token or, where it is empty, for one who has none yet. */
const configurationWith = (token) => ({
  url: '/openapi.json',
  customFetch: ask,
  authentication: { preferredSecurityScheme: 'bearerToken', securitySchemes: { bearerToken: { token } } },
  // A token is gone with the page: whatever could read the browser's storage would else have it for its whole life.
  persistAuth: false,
  proxyUrl: '',
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  onResponseReceived: takeToken,
})

/** A login's token is the one for the requests that follow, and after a logout there is none. */
async function takeToken({ request, response }) {
  const { pathname } = new URL(request.url)
  if (!response.ok) return
  if (/\/auth\/(login|register)$/.test(pathname)) {
    const { token } = await response.json()
    reference.updateConfiguration(configurationWith(token))
  }
  if (pathname.endsWith('/auth/logout')) reference.updateConfiguration(configurationWith(''))
}

const reference = globalThis.Scalar.createApiReference('#reference', configurationWith(''))
