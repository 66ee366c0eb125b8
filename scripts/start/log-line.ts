import { styleText } from 'node:util'
import { z } from 'zod'

const Entry = z.looseObject({ level: z.enum(['info', 'error']) })

/** See src/http/middleware/request-log.ts. */
const Request = z.object({
  request_id: z.string(),
  method: z.string(),
  route: z.string(),
  status: z.number(),
  duration_ms: z.number(),
  error_code: z.string().optional(),
  failure: z.record(z.string(), z.unknown()).optional(),
})
export type LoggedRequest = z.infer<typeof Request>

/** See src/core/log.ts. */
const Failure = z.object({ failed: z.string(), failure: z.record(z.string(), z.unknown()) })

/** The widths of most methods and routes: longer ones move the columns after them. */
const METHOD_WIDTH = 6
const ROUTE_WIDTH = 44
const DURATION_WIDTH = 5

/** The request of a line of the Worker's log; null for another line. */
export function requestIn(line: string): LoggedRequest | null {
  return Request.safeParse(entryIn(line)).data ?? null
}

/** A line of the Worker's log for people; null for text that is not of it. `now` is when it was written. */
export function formatLogLine(line: string, now: Date): string | null {
  const entry = entryIn(line)
  if (entry === null) return null
  const time = styleText('dim', now.toTimeString().slice(0, 8))
  const request = Request.safeParse(entry)
  if (request.success) return `${time}  ${formatRequest(request.data)}`
  const failure = Failure.safeParse(entry)
  if (failure.success)
    return `${time}  ${styleText('red', `${failure.data.failed} failed`)}  ${reasonOf(failure.data.failure)}`
  const { level, ...rest } = entry
  return `${time}  ${level === 'error' ? styleText('red', level) : level}  ${JSON.stringify(rest)}`
}

function entryIn(line: string): z.infer<typeof Entry> | null {
  try {
    return Entry.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}

function formatRequest({ method, route, status, duration_ms, error_code, failure }: LoggedRequest): string {
  const columns = [
    method.padEnd(METHOD_WIDTH),
    patternOf(route).padEnd(ROUTE_WIDTH),
    styleText(colorOf(status), String(status)),
    `${String(duration_ms).padStart(DURATION_WIDTH)} ms`,
    ...(error_code === undefined ? [] : [styleText(colorOf(status), error_code)]),
    ...(failure === undefined ? [] : [reasonOf(failure)]),
  ]
  return columns.join('  ')
}

/** As in the OpenAPI document: `/tickets/{ticket_id}`. */
function patternOf(route: string): string {
  return route.replace(/:(\w+)/g, '{$1}')
}

function colorOf(status: number): 'green' | 'cyan' | 'yellow' | 'red' {
  if (status >= 500) return 'red'
  if (status >= 400) return 'yellow'
  return status >= 300 ? 'cyan' : 'green'
}

function reasonOf(failure: Record<string, unknown>): string {
  return Object.values(failure).filter(Boolean).map(String).join(' ')
}
