// Shows /openapi.json with Scalar, which is loaded before. Nothing here or there sends requests to another host.

const METHODS = ['get', 'post', 'patch', 'delete']

/**
 * Scalar sends the example of every parameter, required or not: a list would be filtered by all of them together, an update
 * restricted to the version of the example, and every write sent with the same idempotency key. So optional parameters are
 * shown, but not sent until they are ticked.
 */
function withOptionalLeftOut(document) {
  const operations = Object.values(document.paths).flatMap((path) => METHODS.flatMap((method) => path[method] ?? []))
  const parameters = [
    ...Object.values(document.components.parameters),
    ...operations.flatMap((operation) => operation.parameters ?? []),
  ]
  for (const parameter of parameters) {
    if (parameter.$ref !== undefined || parameter.required) continue
    const value = parameter.example ?? parameter.schema.example ?? parameter.schema.default ?? leastOf(parameter.schema)
    if (value === undefined) continue
    parameter.examples = { example: { value, 'x-disabled': true } }
    // Where a body has examples of other names, Scalar would look here for a value to send.
    delete parameter.example
    delete parameter.schema.example
  }
  return document
}

/** The form warns of an empty number before anything is typed. */
function leastOf({ type, minimum }) {
  return type === 'integer' || type === 'number' ? (minimum ?? 0) : undefined
}

/** Adds the code samples, which would make the document for other tools twice as long. */
function withSamples(document, samples) {
  for (const path of Object.values(document.paths))
    for (const method of METHODS) {
      const operation = path[method]
      const found = samples[operation?.operationId]
      if (found)
        operation['x-codeSamples'] = found.map((sample) => ({
          ...sample,
          source: sample.source.replaceAll('__ORIGIN__', location.origin),
        }))
    }
  return document
}

/** How Scalar requests the document, by its URL alone, and sends the requests that are tried. */
async function ask(input, init) {
  const response = await fetch(input, init)
  if (input instanceof Request || !response.ok) return response
  const samples = await fetch('/docs/code-samples.json')
  return Response.json(withSamples(withOptionalLeftOut(await response.json()), samples.ok ? await samples.json() : {}))
}

/** As chosen in the guides. */
function isDark() {
  const chosen = localStorage.getItem('vitepress-theme-appearance')
  return chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
}

/** An empty token is none. */
const configurationWith = (token) => ({
  url: '/openapi.json',
  customFetch: ask,
  authentication: { preferredSecurityScheme: 'bearerToken', securitySchemes: { bearerToken: { token } } },
  // Not stored: anything that can read the browser's storage could otherwise use the token until it expires.
  persistAuth: false,
  proxyUrl: '',
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  // The order of the document, which is that of the fields in its examples.
  orderSchemaPropertiesBy: 'preserve',
  orderRequiredPropertiesFirst: false,
  // Only the samples of the document, which are made from its examples.
  hiddenClients: true,
  darkMode: isDark(),
  onLoaded: () => document.querySelector('.plain-reference')?.remove(),
  onResponseReceived: takeToken,
})

/** Uses the token of a login for the requests that follow, until the logout. */
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
