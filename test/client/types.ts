import { expectTypeOf } from 'vitest'
import type { z } from 'zod'
import type * as Client from '../../packages/client/src/index'
import type { AccountResponse, CreateAccountBody, UpdateAccountBody } from '../../src/accounts/schema'
import type { ApiKeyList, ApiKeyWithSecretResponse, CreateApiKeyBody } from '../../src/api-keys/schema'
import type { AttachmentResponse } from '../../src/attachments/schema'
import type { LoginBody, LoginResult, RegisterBody } from '../../src/auth/schema'
import type { CommentResponse, CreateCommentBody } from '../../src/comments/schema'
import type { DETAIL_CODES, ERROR_CODES, ErrorDetail } from '../../src/core/errors'
import type { EVENT_TYPES, Event, ListEventsQuery } from '../../src/events/schema'
import type { ExportTicketsQuery } from '../../src/tickets/filter-schema'
import type { TicketHistory } from '../../src/tickets/history-schema'
import type {
  CreateTicketBody,
  TicketDetailResponse,
  TicketList,
  TicketResponse,
  TicketSnapshot,
  TicketStatsResponse,
  UpdateTicketBody,
} from '../../src/tickets/schema'
import type {
  ChangePasswordBody,
  CreateUserBody,
  ListUsersQuery,
  UpdateUserBody,
  UserResponse,
} from '../../src/users/schema'
import type {
  DeliveryResponse,
  DeliveryWithAttemptsResponse,
  ListDeliveriesQuery,
  ReplayBody,
} from '../../src/webhooks/delivery-schema'
import type {
  CreateWebhookBody,
  UpdateWebhookBody,
  WebhookResponse,
  WebhookWithSecretResponse,
} from '../../src/webhooks/schema'

/** Compiled, not run: `npm run check` fails if a type of the client differs from the schema of the service. */

type Data<Response extends z.ZodType<{ data: unknown }>> = z.output<Response>['data']
type Item<Response extends z.ZodType<{ data: unknown[] }>> = z.output<Response>['data'][number]

/** Keyed by event name, so that the compiler names the event that differs. */
type ByName<Events extends { event: string }> = { [Name in Events['event']]: Extract<Events, { event: Name }> }

expectTypeOf<Client.TicketListItem>().toEqualTypeOf<Item<typeof TicketList>>()
expectTypeOf<Client.TicketSnapshot>().toEqualTypeOf<z.output<typeof TicketSnapshot>>()
expectTypeOf<Client.Ticket>().toEqualTypeOf<Data<typeof TicketResponse>>()
expectTypeOf<Client.TicketDetail>().toEqualTypeOf<Data<typeof TicketDetailResponse>>()
expectTypeOf<Client.TicketStats>().toEqualTypeOf<Data<typeof TicketStatsResponse>>()
expectTypeOf<Client.TicketChange>().toEqualTypeOf<Item<typeof TicketHistory>>()
expectTypeOf<Client.CommentWithAttachments>().toEqualTypeOf<Data<typeof CommentResponse>>()
expectTypeOf<Client.Attachment>().toEqualTypeOf<Data<typeof AttachmentResponse>>()
expectTypeOf<Client.User>().toEqualTypeOf<Data<typeof UserResponse>>()
expectTypeOf<Client.Login>().toEqualTypeOf<z.output<typeof LoginResult>>()
expectTypeOf<Client.Account>().toEqualTypeOf<Data<typeof AccountResponse>>()
expectTypeOf<Client.ApiKey>().toEqualTypeOf<Item<typeof ApiKeyList>>()
expectTypeOf<Client.ApiKeyWithSecret>().toEqualTypeOf<Data<typeof ApiKeyWithSecretResponse>>()
expectTypeOf<ByName<Client.TicketingEvent>>().branded.toEqualTypeOf<ByName<z.output<typeof Event>>>()
expectTypeOf<Client.EventType>().toEqualTypeOf<(typeof EVENT_TYPES)[number]>()
expectTypeOf<Client.Webhook>().toEqualTypeOf<Data<typeof WebhookResponse>>()
expectTypeOf<Client.WebhookWithSecret>().toEqualTypeOf<Data<typeof WebhookWithSecretResponse>>()
expectTypeOf<Client.Delivery>().toEqualTypeOf<Data<typeof DeliveryResponse>>()
expectTypeOf<Client.DeliveryWithAttempts>().toEqualTypeOf<Data<typeof DeliveryWithAttemptsResponse>>()
expectTypeOf<Client.DetailCode>().toEqualTypeOf<(typeof DETAIL_CODES)[number]>()
expectTypeOf<Client.ErrorDetail>().toEqualTypeOf<ErrorDetail>()
expectTypeOf<Client.ErrorCode>().toEqualTypeOf<(typeof ERROR_CODES)[number] | 'unreadable'>()

/** zod accepts undefined for optional fields; in JSON they are absent. */
type Sent<Body extends z.ZodType> = { [Key in keyof z.input<Body>]: Exclude<z.input<Body>[Key], undefined> }

expectTypeOf<Client.CreateTicket>().toEqualTypeOf<Sent<typeof CreateTicketBody>>()
expectTypeOf<Client.UpdateTicket>().toEqualTypeOf<Sent<typeof UpdateTicketBody>>()
expectTypeOf<Client.CreateComment>().toEqualTypeOf<Sent<typeof CreateCommentBody>>()
expectTypeOf<Client.PasswordCredentials>().toEqualTypeOf<Sent<typeof LoginBody>>()
expectTypeOf<Client.Register>().toEqualTypeOf<Sent<typeof RegisterBody>>()
expectTypeOf<Client.ChangePassword>().toEqualTypeOf<Sent<typeof ChangePasswordBody>>()
expectTypeOf<Client.CreateUser>().toEqualTypeOf<Sent<typeof CreateUserBody>>()
expectTypeOf<Client.UpdateUser>().toEqualTypeOf<Sent<typeof UpdateUserBody>>()
expectTypeOf<Client.CreateAccount>().toEqualTypeOf<Sent<typeof CreateAccountBody>>()
expectTypeOf<Client.UpdateAccount>().toEqualTypeOf<Sent<typeof UpdateAccountBody>>()
expectTypeOf<Client.CreateApiKey>().toEqualTypeOf<Sent<typeof CreateApiKeyBody>>()
expectTypeOf<Client.CreateWebhook>().toEqualTypeOf<Sent<typeof CreateWebhookBody>>()
expectTypeOf<Client.UpdateWebhook>().toEqualTypeOf<Sent<typeof UpdateWebhookBody>>()
expectTypeOf<Client.Replay>().toEqualTypeOf<Sent<typeof ReplayBody>>()

/** The filters of a list, without the parameters of its pages. */
type FiltersOf<Query extends z.ZodType> = Exclude<keyof z.output<Query>, 'page' | 'per_page' | 'cursor'>

expectTypeOf<keyof Client.TicketFilters>().toEqualTypeOf<FiltersOf<typeof ExportTicketsQuery>>()
expectTypeOf<keyof Client.UserFilters>().toEqualTypeOf<FiltersOf<typeof ListUsersQuery>>()
expectTypeOf<keyof Client.EventFilters>().toEqualTypeOf<FiltersOf<typeof ListEventsQuery>>()
expectTypeOf<keyof Client.DeliveryFilters>().toEqualTypeOf<FiltersOf<typeof ListDeliveriesQuery>>()

export function statusOf(event: Client.TicketingEvent): Client.TicketStatus | null {
  if (event.event === 'ticket.status_changed') return event.data.ticket.status.current
  // @ts-expect-error Other events have other data.
  event.data.ticket.status.current
  return null
}

export function clientsOf(Class: typeof Client.TicketingClient, url: string): Client.TicketingClient[] {
  // @ts-expect-error A password is missing.
  const half = new Class({ url, email: 'user@example.com' })
  // @ts-expect-error An unknown filter, which the API would reject.
  half.tickets.list({ stauts: 'open' })
  return [half, new Class({ url, apiKey: 'tk_live_1' }), new Class({ url, token: 'ey' }), new Class({ url })]
}
