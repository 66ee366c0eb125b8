import type { Login } from './account-types.ts'

export interface PasswordCredentials {
  email: string
  password: string
  /** The slug of the account. Always name it: other accounts can have the same email. */
  account?: string
}

/**
 * An API key, a token, or email and password, with which the client logs in as needed, also after the token has
 * expired. Null only to log in and to register.
 */
export type Credentials =
  | { apiKey: string }
  | { token: string }
  | PasswordCredentials
  | { apiKey?: never; token?: never; email?: never }

export interface Bearer {
  /** The value of the `Authorization` header, or null for none. */
  header(): Promise<string | null>
  /** Discards a rejected header. Returns whether another one is available. */
  discard(header: string | null): boolean
}

interface Token {
  header: string
  /** Milliseconds since 1970. */
  renewAt: number
}

/** A token is renewed this long before it expires. */
const MARGIN_MS = 60_000

/** `login` is called as needed, once for all concurrent requests. */
export function bearerOf(
  credentials: Credentials,
  login: (passwordCredentials: PasswordCredentials) => Promise<Login>,
): Bearer {
  if ('password' in credentials) return loggingIn(() => login(credentials))
  const { apiKey, token }: { apiKey?: string; token?: string } = credentials
  const credential = apiKey ?? token
  return { header: async () => (credential ? `Bearer ${credential}` : null), discard: () => false }
}

function loggingIn(login: () => Promise<Login>): Bearer {
  let current: Promise<Token> | null = null
  let renewed: Token | null = null

  async function logIn(): Promise<Token> {
    try {
      const { token, expires_at } = await login()
      renewed = { header: `Bearer ${token}`, renewAt: Date.parse(expires_at) - MARGIN_MS }
      return renewed
    } catch (error) {
      current = null
      throw error
    }
  }

  return {
    header: async () => {
      if (renewed && renewed.renewAt <= Date.now()) {
        renewed = null
        current = null
      }
      current ??= logIn()
      return (await current).header
    },
    discard: (header) => {
      if (renewed?.header === header) {
        renewed = null
        current = null
      }
      return true
    },
  }
}
