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
    /** Where the API answers, version included: `http://localhost:3000/api/v1`. */
    url: string
  }

/**
 * The Ticketing API. Every write has an idempotency key and is done once, however often it has to be sent; what fails in
 * passing (429, 502, 503, 504, the network) is sent again. Methods throw `ApiError`, which says field by field what is
 * wrong, and `ConnectionError`.
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

  /** How much of the rate limit is left, as the latest answer told it; null before the first. */
  get rateLimit(): RateLimit | null {
    return this.#api.rateLimit
  }
}
