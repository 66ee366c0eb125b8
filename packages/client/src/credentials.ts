import type { Login } from './account-types.ts'

export interface PasswordCredentials {
  email: string
  password: string
  /** The slug of the account; needed where several accounts know the e-mail. */
  account?: string
}

/**
 * Who the client is: an API key; a token; or e-mail and password, with which it logs in when it must, and again when the
 * token is no longer good. Nobody, for logging in and registering alone.
 */
export type Credentials =
  | { apiKey: string }
  | { token: string }
  | PasswordCredentials
  | { apiKey?: never; token?: never; email?: never }

/** What requests are to be sent with. */
export interface Bearer {
  /** The value of the `Authorization` header, or null for none. */
  header(): Promise<string | null>
  /** Gives up a header that was refused; whether another is to be had. */
  giveUp(header: string | null): boolean
}

interface Token {
  header: string
  /** When it is to be renewed (ms). */
  renewAt: number
}

/** A token is renewed this long before it ends. */
const MARGIN_MS = 60_000

/** The headers of some credentials; `login` is called when there is need, once for all who wait for it. */
export function bearerOf(credentials: Credentials, login: (who: PasswordCredentials) => Promise<Login>): Bearer {
  if ('password' in credentials) return loggingIn(() => login(credentials))
  const { apiKey, token }: { apiKey?: string; token?: string } = credentials
  const credential = apiKey ?? token
  return { header: async () => (credential ? `Bearer ${credential}` : null), giveUp: () => false }
}

function loggingIn(login: () => Promise<Login>): Bearer {
  let current: Promise<Token> | null = null
  let known: Token | null = null

  async function logIn(): Promise<Token> {
    try {
      const { token, expires_at } = await login()
      known = { header: `Bearer ${token}`, renewAt: Date.parse(expires_at) - MARGIN_MS }
      return known
    } catch (error) {
      current = null
      throw error
    }
  }

  return {
    header: async () => {
      if (known && known.renewAt <= Date.now()) {
        known = null
        current = null
      }
      current ??= logIn()
      return (await current).header
    },
    giveUp: (header) => {
      if (known?.header === header) {
        known = null
        current = null
      }
      return true
    },
  }
}
