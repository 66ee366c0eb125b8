export const SECURITY_SCHEMES = {
  bearerToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'The token of a login, for people. A JSON Web Token as RFC8725 advises: signed with HS256 and no other algorithm, for ' +
      'one issuer and audience, good for 30 days or until it is given back, the password is changed or the user is ' +
      'deactivated.',
  },
  bearerApiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'tk_live_…',
    description:
      'An API key, for programs. It is no JSON Web Token, so that RFC8725 does not apply: it is 256 random bits, of which a ' +
      'hash is kept.',
  },
  apiKeyHeader: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'An API key, as some clients send it.',
  },
} as const

export const ANY_CREDENTIAL = Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] }))
