import type { MiddlewareHandler } from 'hono'
import { detail, type Problem, toDetails } from '../../core/error-details'
import { invalidInput, jsonRequired, payloadTooLarge, type ServiceError, tooManyLargeBodies } from '../../core/errors'
import { canonicalJson } from '../../lib/canonical-json'
import { sha256 } from '../../lib/crypto'
import { type JsonProblem, problemsOfJson } from '../../lib/json-problems'
import { hasMoreTokens } from '../../lib/json-size'
import { isMatch } from '../../lib/text'
import type { AppEnv } from '../app-env'
import { BodyTimer, bodyChunks } from './body-reader'
import { takeTurn } from './large-bodies'
import { MAX_CONTENT_TYPE, rejectEncoded } from './raw-body'

export const MAX_JSON_BYTES = 10 * 1024 * 1024
/** Opening brackets, colons and commas: twice the members and elements that a body may have. */
const MAX_TOKENS = 20_000

const MAX_JSON_SIZE = '10 MiB'

/** Larger bodies take turns. */
const LARGE_BODY_BYTES = 1024 * 1024

/**
 * Reads a JSON body as text, so that the validators find it. Throws 415 for another media type and a compressed body, 413 as
 * soon as there are more than 10 MiB, 408 after 30 seconds, 503 for a large body if too many are waiting, and 400 for a byte order
 * mark, broken UTF-8, too many fields, two members of one name, and numbers that would change as doubles. A large body keeps its
 * turn until the response is built.
 */
export const jsonBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!isMatch(c.req.header('Content-Type') ?? '', /^application\/json\s*(;|$)/i, MAX_CONTENT_TYPE))
    throw jsonRequired()
  rejectEncoded(c.req.raw.headers)
  if (Number(c.req.header('Content-Length') ?? 0) > MAX_JSON_BYTES) throw payloadTooLarge(MAX_JSON_SIZE)
  const turn = new Turn(c.executionCtx)
  try {
    const text = await readText(c.req.raw, turn)
    if (hasMoreTokens(text, MAX_TOKENS)) throw tooManyFields()
    const problems = problemsOfJson(text)
    if (problems.length > 0 && parsed(text) !== undefined) throw invalidInput(toDetails(problems.map(explain)))
    if (c.req.header('Idempotency-Key') !== undefined) c.set('bodyHashes', hashesOf(text))
    Object.assign(c.req.bodyCache, { text: Promise.resolve(text) })
    await next()
  } finally {
    turn.release()
  }
}

class Turn {
  private end: (() => void) | undefined

  constructor(private readonly ctx: Pick<ExecutionContext, 'waitUntil'>) {}

  /** Returns the reason if there is no turn: the rest of the body must be read first, or the client might lose the response. */
  async take(): Promise<ServiceError | null> {
    const turn = await takeTurn()
    if (!turn) return tooManyLargeBodies()
    const ended = Promise.withResolvers<void>()
    // Otherwise the runtime would cancel the request, and with it the release, as soon as the client disconnects.
    this.ctx.waitUntil(ended.promise)
    this.end = () => {
      turn.release()
      ended.resolve()
    }
    return null
  }

  release(): void {
    this.end?.()
  }
}

/** `{}` and some white space. */
const MAX_EMPTY_CHARACTERS = 64

/**
 * For writes without a body: throws 400 for any other body than `{}`, which some clients send with every `POST`, so that no client
 * believes that its body had an effect.
 */
export const noBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (Number(c.req.header('Content-Length') ?? 0) > MAX_EMPTY_CHARACTERS) throw notEmpty()
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of bodyChunks(c.req.raw)) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_EMPTY_CHARACTERS) break
  }
  if (text.length > MAX_EMPTY_CHARACTERS || !/^\s*(\{\s*\}\s*)?$/.test(text)) throw notEmpty()
  await next()
}

/** In bytes. Checked again whenever the size has doubled, so that all checks together take linear time. */
const FIRST_CHECK = 2 * MAX_TOKENS

/** Does not wait for the rest of a body that has too many fields already. Without a turn, it discards a large body. */
async function readText(request: Request, turn: Turn): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  let size = 0
  let nextCheck = FIRST_CHECK
  const timer = new BodyTimer()
  let rejection: ServiceError | null = null
  for await (const chunk of bodyChunks(request, timer)) {
    const wasSmall = size <= LARGE_BODY_BYTES
    size += chunk.byteLength
    if (size > MAX_JSON_BYTES) throw payloadTooLarge(MAX_JSON_SIZE)
    if (wasSmall && size > LARGE_BODY_BYTES) rejection = await timer.exclude(() => turn.take())
    if (rejection) continue
    text += decode(decoder, chunk, true)
    if (size < nextCheck) continue
    if (hasMoreTokens(text, MAX_TOKENS)) throw tooManyFields()
    nextCheck = 2 * size
  }
  if (rejection) throw rejection
  return text + decode(decoder, undefined, false)
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, stream: boolean): string {
  try {
    return decoder.decode(chunk, { stream })
  } catch {
    throw invalidInput([detail([], 'invalid_format', 'must be valid UTF-8')])
  }
}

/** Undefined for a text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function explain({ path, kind }: JsonProblem): Problem {
  return kind === 'repeated_name'
    ? [path, 'conflicting_fields', 'must appear once']
    : [
        path,
        'invalid_value',
        'must be a number that a double can hold without changing its value; send longer numbers as a string',
      ]
}

/** Of what an idempotency key stands for: equal JSON values have the same first hash. Older records have the second one. */
function hashesOf(text: string): string[] {
  const value = parsed(text)
  return value === undefined ? [sha256(text)] : [sha256(canonicalJson(value)), sha256(text)]
}

function tooManyFields() {
  return invalidInput([detail([], 'too_many', 'must have at most 10,000 fields')])
}

function notEmpty() {
  return invalidInput([detail([], 'not_allowed', 'must be empty')])
}
