import type { ChangePassword, Login, Register } from './account-types.ts'
import type { Api } from './api.ts'
import type { PasswordCredentials } from './credentials.ts'
import type { RequestOptions } from './sender.ts'

/** Tokens and passwords. A client with email and password logs in by itself. */
export class Auth {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Exchanges email and password for a token. */
  login(credentials: PasswordCredentials, options: RequestOptions = {}): Promise<Login> {
    return this.#api.login(credentials, options)
  }

  /** Joins an account with open registration, as a customer. */
  register(registration: Register, options: RequestOptions = {}): Promise<Login> {
    return this.#api.postOnce('/auth/register', registration, options, true)
  }

  /** Revokes the token immediately. */
  async logout(options: RequestOptions = {}): Promise<void> {
    await this.#api.postOnce('/auth/logout', undefined, options, false)
    await this.#api.forgetToken()
  }

  /** Changes your password, and revokes all of your other tokens immediately. */
  changePassword(change: ChangePassword, options: RequestOptions = {}): Promise<void> {
    return this.#api.postOnce('/auth/password', change, options, false)
  }
}
