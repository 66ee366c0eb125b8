import { Account, ApiKeys } from './account.ts'
import { Api } from './api.ts'
import { Attachments } from './attachments.ts'
import { Auth } from './auth.ts'
import { Comments } from './comments.ts'
import type { Credentials } from './credentials.ts'
import type { RateLimit } from './rate-limit.ts'
import type { SenderOptions } from './sender.ts'
import { Tickets } from './tickets.ts'
import { Users } from './users.ts'
import { Events, Webhooks } from './webhooks.ts'

export type ClientOptions = Credentials &
  SenderOptions & {
    /** The URL of the API with its version: `http://localhost:3000/api/v1`. */
    url: string
  }

/**
 * A client for the Ticketing API. Every write has an idempotency key and runs once, even if it is retried; transient
 * failures (429, 502, 503, 504, network errors) are retried. Methods throw `ApiError` with the invalid fields, and
 * `ConnectionError`.
 */
export class TicketingClient {
  readonly tickets: Tickets
  readonly comments: Comments
  readonly attachments: Attachments
  readonly users: Users
  readonly events: Events
  readonly webhooks: Webhooks
  readonly apiKeys: ApiKeys
  readonly account: Account
  readonly auth: Auth
  readonly #api: Api

  constructor(options: ClientOptions) {
    const api = new Api(options.url, options, options)
    this.#api = api
    this.tickets = new Tickets(api)
    this.comments = new Comments(api)
    this.attachments = new Attachments(api)
    this.users = new Users(api)
    this.events = new Events(api)
    this.webhooks = new Webhooks(api)
    this.apiKeys = new ApiKeys(api)
    this.account = new Account(api)
    this.auth = new Auth(api)
  }

  /** The rate limit in the latest response; null before the first one. */
  get rateLimit(): RateLimit | null {
    return this.#api.rateLimit
  }
}
