/** A typed client for the Ticketing API, for every runtime with `fetch` and WebCrypto. */

export type * from './account-types.ts'
export type { ConditionalOptions, WriteOptions } from './api.ts'
export { type Bytes, type FileFacts, toAttachment } from './attachments.ts'
export { type ClientOptions, TicketingClient } from './client.ts'
export type { Credentials, PasswordCredentials } from './credentials.ts'
export { ApiError, ConnectionError, type DetailCode, type ErrorCode, type ErrorDetail } from './errors.ts'
export type * from './event-types.ts'
export type { RateLimit } from './rate-limit.ts'
export type { RequestOptions } from './sender.ts'
export type * from './ticket-types.ts'
export { type HeadersLike, type VerifyOptions, verifyWebhook, WebhookVerificationError } from './verify-webhook.ts'
export type { NumberedPage, Page, PageNumber, Walk, WalkOptions } from './walk.ts'
