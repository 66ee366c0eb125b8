import type { CreateUser, UpdateUser, User, UserFilters } from './account-types.ts'
import { path } from './address.ts'
import type { Api, WriteOptions } from './api.ts'
import type { RequestOptions } from './sender.ts'
import { type NumberedPage, type PageNumber, type Walk, type WalkOptions, walkByCursor } from './walk.ts'

/** Users of the account. Agents read them, admins change them, and each user can read and change themselves. */
export class Users {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** All matching users. */
  list(filters: UserFilters = {}, options: WalkOptions = {}): Walk<User> {
    return walkByCursor(options, (page) => this.#api.get('/users', { ...filters, ...page }, options))
  }

  /** One page by number, with the totals. */
  page(query: UserFilters & PageNumber = {}, options: RequestOptions = {}): Promise<NumberedPage<User>> {
    return this.#api.get('/users', query, options)
  }

  async get(id: string, options: RequestOptions = {}): Promise<User> {
    return (await this.#api.get<{ data: User }>(path`/users/${id}`, {}, options)).data
  }

  /** The caller. Only for users, not for API keys. */
  async me(options: RequestOptions = {}): Promise<User> {
    return (await this.#api.get<{ data: User }>('/users/me', {}, options)).data
  }

  async create(user: CreateUser, options: WriteOptions = {}): Promise<User> {
    return (await this.#api.write<{ data: User }>('POST', '/users', user, options)).data
  }

  async update(id: string, change: UpdateUser, options: WriteOptions = {}): Promise<User> {
    return (await this.#api.write<{ data: User }>('PATCH', path`/users/${id}`, change, options)).data
  }

  /** Updates the caller. */
  async updateMe(change: UpdateUser, options: WriteOptions = {}): Promise<User> {
    return (await this.#api.write<{ data: User }>('PATCH', '/users/me', change, options)).data
  }

  /** Revokes a user's access immediately; their tickets still name them. */
  async deactivate(id: string, options: WriteOptions = {}): Promise<void> {
    await this.#api.write('DELETE', path`/users/${id}`, undefined, options)
  }

  async setPassword(id: string, password: string, options: WriteOptions = {}): Promise<void> {
    await this.#api.write('POST', path`/users/${id}/password`, { password }, options)
  }
}
