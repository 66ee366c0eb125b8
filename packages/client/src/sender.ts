import type { Login } from './account-types.ts'
import { type Bearer, bearerOf, type Credentials, type PasswordCredentials } from './credentials.ts'
import { ApiError, ConnectionError, errorOf } from './errors.ts'
import { type RateLimit, readRateLimit } from './rate-limit.ts'
import { type Repeatability, waitBeforeRetry } from './retry.ts'
import { sleep, withDeadline } from './waiting.ts'

const TIMEOUT_MS = 30_000
const MAX_RETRIES = 3

export interface SenderOptions {
  /** How long one attempt may take (ms); 30,000 unless told. */
  timeoutMs?: number
  /** How often a request is sent again at most; 3 unless told. */
  maxRetries?: number
  /** What to send requests with, instead of the runtime's `fetch`. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>
}

export interface RequestOptions {
  /** Ends the request, and the waiting between attempts. */
  signal?: AbortSignal
  /** How long one attempt may take (ms). */
  timeoutMs?: number
}

/** One request, however often it has to be sent. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  address: string
  repeatability: Repeatability
  headers?: Record<string, string>
  body?: string | Blob
  /** Whether it goes without a credential. */
  isAnonymous?: boolean
  /** Whether the body is read after the answer is given on. */
  isStreamed?: boolean
}

/** Sends requests: with the caller's credentials, in time, and again where that is safe and of use. */
export class Sender {
  /** What the latest answer told of the rate limit. */
  rateLimit: RateLimit | null = null

  readonly #options: SenderOptions
  readonly #bearer: Bearer

  constructor(options: SenderOptions, credentials: Credentials, login: (who: PasswordCredentials) => Promise<Login>) {
    this.#options = options
    this.#bearer = bearerOf(credentials, login)
  }

  /**
   * What `read` makes of a good answer. Throws an `ApiError` for another one, a `ConnectionError` where none came, and
   * the reason of a signal that was aborted.
   */
  async send<T>(
    call: Call,
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

  /** Gives up the token at hand: the next request logs in again. */
  async forget(): Promise<void> {
    this.#bearer.giveUp(await this.#bearer.header())
  }

  /** Where a token was refused, tries once more with a new one: nothing is done for a caller who is not known. */
  async #authorized<T>(call: Call, signal: AbortSignal, read: (response: Response) => Promise<T>): Promise<T> {
    if (call.isAnonymous) return this.#attempt(call, null, signal, read)
    const header = await this.#bearer.header()
    try {
      return await this.#attempt(call, header, signal, read)
    } catch (failure) {
      const isRefused = failure instanceof ApiError && failure.status === 401
      if (!isRefused || !this.#bearer.giveUp(header)) throw failure
      return this.#attempt(call, await this.#bearer.header(), signal, read)
    }
  }

  async #attempt<T>(
    { method, address, headers, body }: Call,
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

/** The whole body of an answer. Throws a `ConnectionError` where it was cut off. */
export function textOf(response: Response): Promise<string> {
  return response.text().catch(asConnectionError)
}

/** For a promise's `catch`: what kept an answer from coming, as a `ConnectionError`. */
export function asConnectionError(cause: unknown): never {
  if (cause instanceof ConnectionError) throw cause
  throw new ConnectionError('The service could not be reached, or its answer broke off', { cause })
}
