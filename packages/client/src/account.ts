import type {
  Account as AccountFacts,
  ApiKey,
  ApiKeyWithSecret,
  CreateAccount,
  CreateApiKey,
  Login,
  UpdateAccount,
} from './account-types.ts'
import { path } from './address.ts'
import type { Api, WriteOptions } from './api.ts'
import type { RequestOptions } from './sender.ts'
import { walkByNumber } from './walk.ts'

/** The caller's account. For admins. */
export class Account {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async get(options: RequestOptions = {}): Promise<AccountFacts> {
    return (await this.#api.get<{ data: AccountFacts }>('/account', {}, options)).data
  }

  async update(change: UpdateAccount, options: WriteOptions = {}): Promise<AccountFacts> {
    return (await this.#api.write<{ data: AccountFacts }>('PATCH', '/account', change, options)).data
  }

  /** Creates another account with its first admin, if the service allows it. */
  create(account: CreateAccount, options: RequestOptions = {}): Promise<Login> {
    return this.#api.postOnce('/accounts', account, options, true)
  }
}

/** API keys. For admins who are users, not API keys. */
export class ApiKeys {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  list(options: RequestOptions = {}): AsyncIterableIterator<ApiKey> {
    return walkByNumber((page) => this.#api.get('/api-keys', page, options))
  }

  /** The key is only returned here. */
  async create(key: CreateApiKey, options: WriteOptions = {}): Promise<ApiKeyWithSecret> {
    return (await this.#api.write<{ data: ApiKeyWithSecret }>('POST', '/api-keys', key, options)).data
  }

  /** Replaces the secret of a key; the old one stays valid for `grace_seconds`, a day by default. */
  async rotate(
    id: string,
    rotation: { grace_seconds?: number } = {},
    options: WriteOptions = {},
  ): Promise<ApiKeyWithSecret> {
    const address = path`/api-keys/${id}/rotate`
    return (await this.#api.write<{ data: ApiKeyWithSecret }>('POST', address, rotation, options)).data
  }

  /** Revokes a key immediately. */
  async delete(id: string, options: WriteOptions = {}): Promise<void> {
    await this.#api.write('DELETE', path`/api-keys/${id}`, undefined, options)
  }
}
