import type { ChangePassword, Login, Register } from './account-types.ts'
import type { Api } from './api.ts'
import type { PasswordCredentials } from './credentials.ts'
import type { RequestOptions } from './sender.ts'

/** Tokens and passwords. A client that was given e-mail and password logs in by itself. */
export class Auth {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Exchanges e-mail and password for a token, which a client can be made with. */
  login(credentials: PasswordCredentials, options: RequestOptions = {}): Promise<Login> {
    return this.#api.login(credentials, options)
  }

  /** Joins an account that is open, as a customer. */
  register(who: Register, options: RequestOptions = {}): Promise<Login> {
    return this.#api.postOnce('/auth/register', who, options, true)
  }

  /** Ends the token at once. */
  async logout(options: RequestOptions = {}): Promise<void> {
    await this.#api.postOnce('/auth/logout', undefined, options, false)
    await this.#api.forgetToken()
  }

  /** Changes your password; every other token of yours is dead at once. */
  changePassword(change: ChangePassword, options: RequestOptions = {}): Promise<void> {
    return this.#api.postOnce('/auth/password', change, options, false)
  }
}
