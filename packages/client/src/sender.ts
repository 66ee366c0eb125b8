import type { Login } from './account-types.ts'
import { type Bearer, bearerOf, type Credentials, type PasswordCredentials } from './credentials.ts'
import { ApiError, ConnectionError, errorOf } from './errors.ts'
import { type RateLimit, readRateLimit } from './rate-limit.ts'
import { type Repeatability, waitBeforeRetry } from './retry.ts'
import { sleep, withDeadline } from './waiting.ts'

const TIMEOUT_MS = 30_000
const MAX_RETRIES = 3

export interface SenderOptions {
  /** The timeout of one attempt (ms); 30,000 by default. */
  timeoutMs?: number
  /** The most retries of a request; 3 by default. */
  maxRetries?: number
  /** Replaces the runtime's `fetch`. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>
}

export interface RequestOptions {
  /** Aborts the request, and the wait between attempts. */
  signal?: AbortSignal
  /** The timeout of one attempt (ms). */
  timeoutMs?: number
}

/** One request with its retries. */
export interface RequestCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  address: string
  repeatability: Repeatability
  headers?: Record<string, string>
  body?: string | Blob
  isAnonymous?: boolean
  /** The body is read after `send` has returned. */
  isStreamed?: boolean
}

/** Sends requests with the caller's credentials, a timeout, and safe retries. */
export class Sender {
  rateLimit: RateLimit | null = null

  readonly #options: SenderOptions
  readonly #bearer: Bearer

  constructor(options: SenderOptions, credentials: Credentials, login: (who: PasswordCredentials) => Promise<Login>) {
    this.#options = options
    this.#bearer = bearerOf(credentials, login)
  }

  /**
   * Returns what `read` returns for a successful response. Throws an `ApiError` for an error response, a
   * `ConnectionError` without a response, and the reason of an aborted signal.
   */
  async send<T>(
    call: RequestCall,
    { signal, timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS }: RequestOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const goesOn = call.isStreamed === true
        return await withDeadline(timeoutMs, signal, goesOn, (limited) => this.#authorized(call, limited, read))
      } catch (failure) {
        const isLast = attempt > (this.#options.maxRetries ?? MAX_RETRIES)
        const wait = isLast ? null : waitBeforeRetry(failure, call.repeatability, attempt)
        if (wait === null) throw failure
        await sleep(wait, signal)
      }
    }
  }

  /** Discards the current token: the next request logs in again. */
  async forget(): Promise<void> {
    this.#bearer.discard(await this.#bearer.header())
  }

  /** After a 401, tries again with a new token, which is safe because the request has not run. */
  async #authorized<T>(call: RequestCall, signal: AbortSignal, read: (response: Response) => Promise<T>): Promise<T> {
    if (call.isAnonymous) return this.#attempt(call, null, signal, read)
    const header = await this.#bearer.header()
    try {
      return await this.#attempt(call, header, signal, read)
    } catch (failure) {
      const isUnauthorized = failure instanceof ApiError && failure.status === 401
      if (!isUnauthorized || !this.#bearer.discard(header)) throw failure
      return this.#attempt(call, await this.#bearer.header(), signal, read)
    }
  }

  async #attempt<T>(
    { method, address, headers, body }: RequestCall,
    authorization: string | null,
    signal: AbortSignal,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const send = this.#options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init))
    const response = await send(address, {
      method,
      signal,
      headers: { ...headers, ...(authorization !== null && { Authorization: authorization }) },
      ...(body !== undefined && { body }),
    }).catch(asConnectionError)
    this.rateLimit = readRateLimit(response.headers) ?? this.rateLimit
    if (response.ok) return read(response)
    throw errorOf(response.status, response.headers, await textOf(response), Date.now())
  }
}

/** Throws a `ConnectionError` if the body is incomplete. */
export function textOf(response: Response): Promise<string> {
  return response.text().catch(asConnectionError)
}

/** For a promise's `catch`. */
export function asConnectionError(cause: unknown): never {
  if (cause instanceof ConnectionError) throw cause
  throw new ConnectionError('The service could not be reached, or its response was cut off', { cause })
}
