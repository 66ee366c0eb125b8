import { path } from './address.ts'
import type { Api, WriteOptions } from './api.ts'
import type {
  CreateWebhook,
  Delivery,
  DeliveryFilters,
  DeliveryWithAttempts,
  EventFilters,
  Replay,
  TicketingEvent,
  UpdateWebhook,
  Webhook,
  WebhookWithSecret,
} from './event-types.ts'
import type { RequestOptions } from './sender.ts'
import { type Walk, type WalkOptions, walkByCursor, walkByNumber, walkEvents } from './walk.ts'

/** The events of the account. For agents and admins. */
export class Events {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /**
   * All events up to now, oldest first. Store the cursor of each page after handling it, and continue with it later.
   * Expired cursors throw `cursor_expired`.
   */
  list(filters: EventFilters = {}, options: WalkOptions = {}): Walk<TicketingEvent, string> {
    return walkEvents(options, (page) => this.#api.get('/events', { ...filters, ...page }, options))
  }
}

/** Webhooks and their deliveries. For admins. */
export class Webhooks {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  list(options: RequestOptions = {}): AsyncIterableIterator<Webhook> {
    return walkByNumber((page) => this.#api.get('/webhooks', page, options))
  }

  async get(id: string, options: RequestOptions = {}): Promise<Webhook> {
    return (await this.#api.get<{ data: Webhook }>(path`/webhooks/${id}`, {}, options)).data
  }

  /** Subscribes a URL to new events. The secret is only returned here. */
  async create(webhook: CreateWebhook, options: WriteOptions = {}): Promise<WebhookWithSecret> {
    return (await this.#api.write<{ data: WebhookWithSecret }>('POST', '/webhooks', webhook, options)).data
  }

  async update(id: string, change: UpdateWebhook, options: WriteOptions = {}): Promise<Webhook> {
    return (await this.#api.write<{ data: Webhook }>('PATCH', path`/webhooks/${id}`, change, options)).data
  }

  async delete(id: string, options: WriteOptions = {}): Promise<void> {
    await this.#api.write('DELETE', path`/webhooks/${id}`, undefined, options)
  }

  /** Creates a new secret; the old one is also used for signing for a day. */
  async rotateSecret(id: string, options: WriteOptions = {}): Promise<WebhookWithSecret> {
    const address = path`/webhooks/${id}/rotate-secret`
    return (await this.#api.write<{ data: WebhookWithSecret }>('POST', address, undefined, options)).data
  }

  /** Sends a `webhook.test` event to this webhook. */
  async test(id: string, options: WriteOptions = {}): Promise<Delivery> {
    const address = path`/webhooks/${id}/test`
    return (await this.#api.write<{ data: Delivery }>('POST', address, undefined, options)).data
  }

  /** Deliveries of a webhook, newest first. */
  deliveries(id: string, filters: DeliveryFilters = {}, options: WalkOptions = {}): Walk<Delivery> {
    const address = path`/webhooks/${id}/deliveries`
    return walkByCursor(options, (page) => this.#api.get(address, { ...filters, ...page }, options))
  }

  /** One delivery with its latest 100 attempts. */
  async delivery(id: string, deliveryId: string, options: RequestOptions = {}): Promise<DeliveryWithAttempts> {
    const address = path`/webhooks/${id}/deliveries/${deliveryId}`
    return (await this.#api.get<{ data: DeliveryWithAttempts }>(address, {}, options)).data
  }

  /** Sends one delivery again. */
  async redeliver(id: string, deliveryId: string, options: WriteOptions = {}): Promise<Delivery> {
    const address = path`/webhooks/${id}/deliveries/${deliveryId}/redeliver`
    return (await this.#api.write<{ data: Delivery }>('POST', address, undefined, options)).data
  }

  /** Sends the events of a time range again, at most 10,000. Returns their number. */
  async replay(id: string, selection: Replay, options: WriteOptions = {}): Promise<number> {
    const address = path`/webhooks/${id}/replay`
    return (await this.#api.write<{ data: { count: number } }>('POST', address, selection, options)).data.count
  }
}
