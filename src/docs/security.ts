export const SECURITY_SCHEMES = {
  bearerToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'User token (JWT, RFC8725): from `POST /auth/login`, valid for 30 days unless the operator changes it. Logging out, ' +
      'changing the password and deactivating the user revoke it.',
  },
  bearerApiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'tk_live_…',
    description: 'API key: from `POST /api-keys`, valid until it expires or is revoked.',
  },
  apiKeyHeader: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'API key, in its own header.',
  },
} as const

export const ANY_CREDENTIAL = Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] }))
