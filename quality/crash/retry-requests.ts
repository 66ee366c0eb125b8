import { z } from 'zod'
import { type ApiResponse, openApi } from '../../test/helpers/node/api.ts'
import { eightAtATime } from './eight-concurrently.ts'
import { isErasedForm } from './erased.ts'
import type { Problem, Write, WriteRequest } from './operations.ts'
import { acknowledge, send } from './writers.ts'

export interface Retries {
  /** Of the requests without a response: those that ran before the crash, and those that ran only now. */
  ranBefore: number
  ranNow: number
  compared: number
  problems: Problem[]
}

/** How many of the requests with a response are repeated, approximately. */
const SAMPLE = 60
/** Characters of a difference that are reported. */
const SHOWN_CHARACTERS = 40

const NewKey = z.object({ data: z.object({ key: z.string() }) })

/**
 * C01: repeats each request without a response, with its idempotency key: it must run now, or be a replay if it ran
 * before the crash. Then repeats those, and a sample of the others: each must get its first response. `happened` says
 * which ran.
 */
export async function retryRequests(
  origin: string,
  requests: WriteRequest[],
  happened: (write: Write) => boolean,
): Promise<Retries> {
  const withoutResponse = requests.filter(({ response }) => response === null)
  const withResponse = sampleOf(requests.filter(({ response }) => response !== null))
  const retried = await eightAtATime(withoutResponse, async (request) => {
    const before = happened(request.write)
    const response = await send(request)
    return { before, problems: retryProblems(request, response, before) }
  })
  const repeated = [...withoutResponse, ...withResponse].filter(({ response }) => response !== null)
  const compared = await eightAtATime(repeated, async (request) => {
    const again = await send(request)
    return [
      ...comparisonProblems(request.write.marker, request.response, again),
      ...(await secretProblems(origin, request)),
    ]
  })
  const ranBefore = retried.filter(({ before }) => before).length
  return {
    ranBefore,
    ranNow: retried.length - ranBefore,
    compared: compared.length,
    problems: [...retried.flatMap(({ problems }) => problems), ...compared.flat()],
  }
}

/** The latest of each kind of write, so that the rare ones are included. */
function sampleOf(requests: WriteRequest[]): WriteRequest[] {
  const kinds = [...Map.groupBy(requests, ({ write }) => write.sent.kind).values()]
  return kinds.flatMap((ofKind) => ofKind.slice(-Math.ceil(SAMPLE / kinds.length)))
}

function retryProblems(request: WriteRequest, response: ApiResponse, before: boolean): Problem[] {
  const { marker } = request.write
  if (!acknowledge(request, response))
    return [`lost: the retry of ${marker} returned ${response.status}: ${response.text}`]
  if (isReplay(response) === before) return []
  return [
    before
      ? `duplicated: ${marker} ran before the crash, and ran again`
      : `unexpected: ${marker} did not run before the crash, and was replayed`,
  ]
}

export function comparisonProblems(marker: string, first: ApiResponse | null, again: ApiResponse): Problem[] {
  const isErased = first !== null && isErasedForm(first.body, again.body)
  const difference = firstDifference(first ? comparable(first, isErased) : '', comparable(again, isErased))
  return [
    ...(isReplay(again) ? [] : [`duplicated: ${marker} ran again, because it was not replayed` as const]),
    ...(difference === null ? [] : [`wrong: ${marker} has another response than before: ${difference}` as const]),
  ]
}

function comparable({ status, headers, text }: ApiResponse, isErased: boolean): string {
  return `${status} ${headers.get('Location') ?? ''} ${isErased ? '' : withoutSignatures(text)}`
}

/** Null if the texts are equal. */
function firstDifference(one: string, other: string): string | null {
  if (one === other) return null
  let index = 0
  while (one[index] === other[index]) index += 1
  return `${JSON.stringify(other.slice(index, index + SHOWN_CHARACTERS))} instead of ${JSON.stringify(one.slice(index, index + SHOWN_CHARACTERS))}`
}

function isReplay({ headers }: ApiResponse): boolean {
  return headers.get('Idempotent-Replayed') === 'true'
}

function withoutSignatures(text: string): string {
  return text.replaceAll(/\?expires=\d+&signature=[^"]+/g, '')
}

async function secretProblems(origin: string, { write, response }: WriteRequest): Promise<Problem[]> {
  if (write.sent.kind !== 'key') return []
  const { key } = NewKey.parse(response?.body).data
  const { status } = await openApi(origin, [key]).send('GET', '/tickets?per_page=1')
  return status === 200 ? [] : [`lost: the API key of ${write.marker} is rejected with ${status}`]
}
