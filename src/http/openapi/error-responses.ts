import { errorBody, type ServiceError, type ServiceErrorCode } from '../../core/errors'
import { ERROR_CATALOGUE } from './error-catalogue'
import { ALWAYS, type HeaderName, headerRefs, optionalHeaders, RATE } from './headers'

interface ErrorResponseSpec {
  name: string
  description: string
  codes: readonly ServiceErrorCode[]
  headers?: readonly HeaderName[]
}

export const ERROR_RESPONSES = {
  400: { name: 'BadRequest', description: 'The request data is invalid', codes: ['invalid_input'] },
  401: {
    name: 'Unauthorized',
    description: 'The credential is missing or not valid',
    codes: ['unauthorized'],
    headers: ['WWW-Authenticate'],
  },
  403: { name: 'Forbidden', description: 'The role of the caller does not allow this', codes: ['forbidden'] },
  404: { name: 'NotFound', description: 'Not found, or not visible to the caller', codes: ['not_found'] },
  405: {
    name: 'MethodNotAllowed',
    description: 'The path does not support the method',
    codes: ['method_not_allowed'],
    headers: ['Allow'],
  },
  408: {
    name: 'RequestTimeout',
    description: 'The body did not arrive within 30 seconds',
    codes: ['request_timeout'],
  },
  409: { name: 'Conflict', description: 'The request conflicts with the current state', codes: ['conflict'] },
  410: {
    name: 'CursorExpired',
    description: 'The cursor is older than the retained events',
    codes: ['cursor_expired'],
  },
  411: { name: 'LengthRequired', description: '`Content-Length` is missing', codes: ['length_required'] },
  412: { name: 'PreconditionFailed', description: '`If-Match` does not hold', codes: ['precondition_failed'] },
  413: {
    name: 'PayloadTooLarge',
    description: 'The body is too large, or the storage is full',
    codes: ['payload_too_large'],
  },
  415: {
    name: 'UnsupportedMediaType',
    description: 'The body has the wrong media type or an encoding',
    codes: ['unsupported_media_type'],
  },
  416: {
    name: 'RangeNotSatisfiable',
    description: 'The range begins after the end of the file',
    codes: ['range_not_satisfiable'],
    headers: ['Content-Range'],
  },
  422: {
    name: 'UnprocessableEntity',
    description: 'Well-formed, but refers to something that is not allowed',
    codes: ['validation_error'],
  },
  429: {
    name: 'TooManyRequests',
    description: 'A limit is reached',
    codes: ['rate_limited'],
    headers: ['Retry-After'],
  },
  500: { name: 'InternalServerError', description: 'An unexpected error occurred', codes: ['internal_error'] },
  503: {
    name: 'ServiceUnavailable',
    description: 'The service is temporarily unavailable',
    codes: ['unavailable'],
    headers: ['Retry-After'],
  },
} as const satisfies Record<number, ErrorResponseSpec>

export type DocumentedStatus = keyof typeof ERROR_RESPONSES

/** An error of one operation, with an example of its response. */
export interface DocumentedError {
  name: string
  summary: string
  error: () => ServiceError
}

/** Documents an error: its name, when it occurs, and the function that creates it. */
export function errorExample(name: string, summary: string, error: () => ServiceError): DocumentedError {
  return { name, summary, error }
}

/** Whether a response has the rate limit headers. */
export type RateHeaders = 'always' | 'sometimes' | 'never'

export const ERROR_SCHEMA = { $ref: '#/components/schemas/Error' } as const

/** A reference to the response that all operations share. */
export function errorResponseRef(status: DocumentedStatus): { $ref: string } {
  return { $ref: `#/components/responses/${ERROR_RESPONSES[status].name}` }
}

/** An operation's own response, with examples. `shared` adds those of all operations. */
export function errorResponseOf(
  status: DocumentedStatus,
  errors: readonly DocumentedError[],
  shared: boolean,
  rateHeaders: RateHeaders = 'always',
) {
  const { description, codes }: ErrorResponseSpec = ERROR_RESPONSES[status]
  const own = errors.map((documented) => {
    const error = documented.error()
    // An unusual code has its example in the catalogue.
    const isUsual = codes.includes(error.code)
    return [
      documented.name,
      isUsual ? { summary: documented.summary, value: exampleBody(error) } : exampleRef(error.code),
    ]
  })
  const common = shared ? codes.map((code) => [code, exampleRef(code)]) : []
  return {
    description,
    headers: { ...headersOf(status, rateHeaders) },
    content: { 'application/json': { schema: ERROR_SCHEMA, examples: Object.fromEntries([...common, ...own]) } },
  }
}

const EXAMPLE_ORIGIN = 'https://api.example.com'
const EXAMPLE_REQUEST_ID = '1b671a64-40d5-491e-99b0-da01ff1f3341'

function exampleBody(error: ServiceError) {
  return errorBody(error, EXAMPLE_ORIGIN, EXAMPLE_REQUEST_ID)
}

function exampleRef(code: ServiceErrorCode): { $ref: string } {
  return { $ref: `#/components/examples/${code}` }
}

function headersOf(status: DocumentedStatus, rateHeaders: RateHeaders) {
  const { headers = [] }: ErrorResponseSpec = ERROR_RESPONSES[status]
  // A request that fails before it is counted has no rate limit headers.
  const isOptional = rateHeaders === 'sometimes' || status === 500 || status === 503
  const rate = isOptional ? optionalHeaders(RATE) : headerRefs(rateHeaders === 'always' ? RATE : [])
  const retry = status === 409 ? optionalHeaders(['Retry-After']) : {}
  return { ...headerRefs([...ALWAYS, ...headers]), ...rate, ...retry, ...headerRefs(['X-D1-Bookmark']) }
}

/** The components that the references point to: shared responses, and the error catalogue as examples. */
export function errorResponseComponents() {
  // 416 is not shared: only the download of files has it.
  const statuses = Object.keys(ERROR_RESPONSES)
    .map((status) => Number(status) as DocumentedStatus)
    .filter((status) => status !== 416)
  return {
    responses: Object.fromEntries(
      statuses.map((status) => [ERROR_RESPONSES[status].name, errorResponseOf(status, [], true)]),
    ),
    examples: Object.fromEntries(
      Object.entries(ERROR_CATALOGUE).map(([code, { meaning, example }]) => [
        code,
        { summary: meaning, value: exampleBody(example()) },
      ]),
    ),
  }
}
