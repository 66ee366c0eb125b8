import type { Login } from './account-types.ts'
import { addressOf } from './address.ts'
import type { Credentials, PasswordCredentials } from './credentials.ts'
import { unreadable } from './errors.ts'
import type { RateLimit } from './rate-limit.ts'
import { type RequestCall, type RequestOptions, Sender, type SenderOptions, textOf } from './sender.ts'

export interface WriteOptions extends RequestOptions {
  /** Requests with the same key run once within 24 hours. Random by default. */
  idempotencyKey?: string
}

export interface ConditionalOptions extends WriteOptions {
  /**
   * The `version` you read. If the resource has changed since, nothing is changed and `precondition_failed` is thrown.
   */
  ifVersion?: number
}

/** HTTP methods with the API's conventions. All throw like `Sender.send`. */
export class Api {
  readonly #base: string
  readonly #sender: Sender

  constructor(url: string, options: SenderOptions, credentials: Credentials) {
    this.#base = withoutTrailingSlashes(url)
    this.#sender = new Sender(options, credentials, (passwordCredentials) => this.login(passwordCredentials))
  }

  get rateLimit(): RateLimit | null {
    return this.#sender.rateLimit
  }

  get<T>(path: string, query: object = {}, options: RequestOptions = {}): Promise<T> {
    const address = addressOf(this.#base, path, query)
    return this.#sender.send({ method: 'GET', address, repeatability: 'safe' }, options, readJson<T>)
  }

  /** A GET whose body is streamed. */
  stream(path: string, query: object, options: RequestOptions): Promise<Response> {
    const address = addressOf(this.#base, path, query)
    return this.#sender.send({ method: 'GET', address, repeatability: 'safe', isStreamed: true }, options, identity)
  }

  /** A GET of a signed URL, without a credential. */
  streamFile(address: string, options: RequestOptions): Promise<Response> {
    const call: RequestCall = { method: 'GET', address, repeatability: 'safe', isAnonymous: true, isStreamed: true }
    return this.#sender.send(call, options, identity)
  }

  /** Runs once, even if it is retried. */
  write<T>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: object | undefined,
    options: ConditionalOptions = {},
  ): Promise<T> {
    const call: RequestCall = { method, address: `${this.#base}${path}`, repeatability: 'keyed', ...asJson(body) }
    return this.#sender.send(withKey(call, options), options, readJson<T>)
  }

  /** A POST of bytes, which runs once. The blob's `type` becomes the `Content-Type`. */
  upload<T>(path: string, query: object, bytes: Blob, options: WriteOptions): Promise<T> {
    const address = addressOf(this.#base, path, query)
    const headers = { 'Content-Type': bytes.type || 'application/octet-stream' }
    const call: RequestCall = { method: 'POST', address, repeatability: 'keyed', headers, body: bytes }
    return this.#sender.send(withKey(call, options), options, readJson<T>)
  }

  /** A POST to a route without idempotency keys: only retried if it cannot have run. */
  postOnce<T>(path: string, body: object | undefined, options: RequestOptions, isAnonymous: boolean): Promise<T> {
    const call: RequestCall = { method: 'POST', address: `${this.#base}${path}`, repeatability: 'once', isAnonymous }
    return this.#sender.send({ ...call, ...asJson(body) }, options, readJson<T>)
  }

  /** Safe to repeat. */
  login({ email, password, account }: PasswordCredentials, options: RequestOptions = {}): Promise<Login> {
    const body = { email, password, ...(account !== undefined && { account }) }
    const address = `${this.#base}/auth/login`
    const call: RequestCall = { method: 'POST', address, repeatability: 'safe', isAnonymous: true }
    return this.#sender.send({ ...call, ...asJson(body) }, options, readJson<Login>)
  }

  /** Discards the current token: the next request logs in again if the client can. */
  forgetToken(): Promise<void> {
    return this.#sender.forget()
  }
}

function withKey(call: RequestCall, { idempotencyKey = newKey(), ifVersion }: ConditionalOptions): RequestCall {
  const ifMatch = ifVersion !== undefined && { 'If-Match': `"${ifVersion}"` }
  return { ...call, headers: { ...call.headers, 'Idempotency-Key': idempotencyKey, ...ifMatch } }
}

/** 128 random bits in hexadecimal. `crypto.randomUUID` is not available on pages served over plain HTTP. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function asJson(body: object | undefined): Pick<RequestCall, 'headers' | 'body'> {
  if (body === undefined) return {}
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

/** Undefined without a body. The type is not verified. */
async function readJson<T>(response: Response): Promise<T> {
  const text = await textOf(response)
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch {
    throw unreadable(response)
  }
}

async function identity(response: Response): Promise<Response> {
  return response
}

function withoutTrailingSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end -= 1
  return url.slice(0, end)
}
