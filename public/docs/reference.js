// Shows /openapi.json with Scalar, which is loaded before. Nothing here or there speaks to another host.

/** The settings of the page, for a caller with this token or, where it is empty, for one who has none yet. */
const configurationWith = (token) => ({
  url: '/openapi.json',
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
