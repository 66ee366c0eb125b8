import type { Login } from './account-types.ts'
import { addressOf } from './address.ts'
import type { Credentials, PasswordCredentials } from './credentials.ts'
import { unreadable } from './errors.ts'
import type { RateLimit } from './rate-limit.ts'
import { type Call, type RequestOptions, Sender, type SenderOptions, textOf } from './sender.ts'

export interface WriteOptions extends RequestOptions {
  /** For 24 hours the same key does the same thing once; a new random one unless told. */
  idempotencyKey?: string
}

export interface ConditionalOptions extends WriteOptions {
  /** The `version` that was read: where it has changed since, nothing is done and `precondition_failed` thrown. */
  ifVersion?: number
}

/** The verbs of HTTP as this API has them. All throw as `Sender.send` does. */
export class Api {
  readonly #base: string
  readonly #sender: Sender

  constructor(url: string, options: SenderOptions, credentials: Credentials) {
    this.#base = withoutTrailingSlashes(url)
    this.#sender = new Sender(options, credentials, (who) => this.login(who))
  }

  get rateLimit(): RateLimit | null {
    return this.#sender.rateLimit
  }

  get<T>(path: string, query: object = {}, options: RequestOptions = {}): Promise<T> {
    const address = addressOf(this.#base, path, query)
    return this.#sender.send({ method: 'GET', address, repeatability: 'safe' }, options, readJson<T>)
  }

  /** A GET whose body is read as it comes. */
  stream(path: string, query: object, options: RequestOptions): Promise<Response> {
    const address = addressOf(this.#base, path, query)
    return this.#sender.send({ method: 'GET', address, repeatability: 'safe', isStreamed: true }, options, itself)
  }

  /** A GET of an address that needs no credential. */
  streamFile(address: string, options: RequestOptions): Promise<Response> {
    const call: Call = { method: 'GET', address, repeatability: 'safe', isAnonymous: true, isStreamed: true }
    return this.#sender.send(call, options, itself)
  }

  /** A write that is done once, however often it has to be sent. */
  write<T>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: object | undefined,
    options: ConditionalOptions = {},
  ): Promise<T> {
    const call: Call = { method, address: `${this.#base}${path}`, repeatability: 'keyed', ...asJson(body) }
    return this.#sender.send(withKey(call, options), options, readJson<T>)
  }

  /** A POST of bytes, done once; their `type` is their `Content-Type`. */
  upload<T>(path: string, query: object, bytes: Blob, options: WriteOptions): Promise<T> {
    const address = addressOf(this.#base, path, query)
    const headers = { 'Content-Type': bytes.type || 'application/octet-stream' }
    const call: Call = { method: 'POST', address, repeatability: 'keyed', headers, body: bytes }
    return this.#sender.send(withKey(call, options), options, readJson<T>)
  }

  /** A POST to a route that knows no idempotency key: sent again only where nothing can have been done. */
  postOnce<T>(path: string, body: object | undefined, options: RequestOptions, isAnonymous: boolean): Promise<T> {
    const call: Call = { method: 'POST', address: `${this.#base}${path}`, repeatability: 'once', isAnonymous }
    return this.#sender.send({ ...call, ...asJson(body) }, options, readJson<T>)
  }

  /** Exchanges e-mail and password for a token; to do so twice harms nothing. */
  login({ email, password, account }: PasswordCredentials, options: RequestOptions = {}): Promise<Login> {
    const body = { email, password, ...(account !== undefined && { account }) }
    const address = `${this.#base}/auth/login`
    const call: Call = { method: 'POST', address, repeatability: 'safe', isAnonymous: true }
    return this.#sender.send({ ...call, ...asJson(body) }, options, readJson<Login>)
  }

  /** Gives up the token at hand: the next request logs in again, where the client can. */
  forgetToken(): Promise<void> {
    return this.#sender.forget()
  }
}

function withKey(call: Call, { idempotencyKey = newKey(), ifVersion }: ConditionalOptions): Call {
  const ifMatch = ifVersion !== undefined && { 'If-Match': `"${ifVersion}"` }
  return { ...call, headers: { ...call.headers, 'Idempotency-Key': idempotencyKey, ...ifMatch } }
}

/** 128 random bits in hex: `crypto.randomUUID` is missing from pages that came over plain http. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function asJson(body: object | undefined): Pick<Call, 'headers' | 'body'> {
  if (body === undefined) return {}
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

/** The JSON of an answer, undefined where it has no body. That it is a `T` is the API's word. */
async function readJson<T>(response: Response): Promise<T> {
  const text = await textOf(response)
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch {
    throw unreadable(response)
  }
}

async function itself(response: Response): Promise<Response> {
  return response
}

function withoutTrailingSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end -= 1
  return url.slice(0, end)
}
