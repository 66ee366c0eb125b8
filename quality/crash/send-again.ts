import { z } from 'zod'
import { type Answer, openApi } from '../../test/helpers/node/api.ts'
import { eightAtATime } from './eight-concurrently.ts'
import type { Deed, Problem, WriteRequest } from './operations.ts'
import { acknowledge, send } from './writers.ts'

/** What sending again has shown. */
export interface SentAgain {
  /** Of the requests that had got no answer: those that had been done before the crash, and those done only now. */
  doneBefore: number
  doneNow: number
  /** Answers that were held against the first one. */
  compared: number
  problems: Problem[]
}

/** About how many of those that were answered are sent again. */
const SAMPLE = 60
/** How much of a difference is told. */
const TOLD = 40

const NewKey = z.object({ data: z.object({ key: z.string() }) })

/**
 * C01: sends each request that got no answer again, with its key: it is done now, or was and is told of; then once more,
 * and with it a sample of those that were answered: each gets its first answer again. `happened` says which had been done.
 */
export async function sendAgain(
  origin: string,
  requests: WriteRequest[],
  happened: (deed: Deed) => boolean,
): Promise<SentAgain> {
  const unanswered = requests.filter(({ answer }) => answer === null)
  const answered = sampleOf(requests.filter(({ answer }) => answer !== null))
  const retried = await eightAtATime(unanswered, async (request) => {
    const before = happened(request.deed)
    const answer = await send(request)
    return { before, problems: retryProblems(request, answer, before) }
  })
  const repeated = [...unanswered, ...answered].filter(({ answer }) => answer !== null)
  const compared = await eightAtATime(repeated, async (request) => {
    const again = await send(request)
    return [
      ...comparisonProblems(request.deed.marker, request.answer, again),
      ...(await secretProblems(origin, request)),
    ]
  })
  const doneBefore = retried.filter(({ before }) => before).length
  return {
    doneBefore,
    doneNow: retried.length - doneBefore,
    compared: compared.length,
    problems: [...retried.flatMap(({ problems }) => problems), ...compared.flat()],
  }
}

/** The latest of each kind of deed, so that the rare ones are among them. */
function sampleOf(requests: WriteRequest[]): WriteRequest[] {
  const kinds = [...Map.groupBy(requests, ({ deed }) => deed.sent.kind).values()]
  return kinds.flatMap((ofKind) => ofKind.slice(-Math.ceil(SAMPLE / kinds.length)))
}

function retryProblems(request: WriteRequest, answer: Answer, before: boolean): Problem[] {
  const { marker } = request.deed
  if (!acknowledge(request, answer))
    return [`lost: ${marker}, sent again, was answered with ${answer.status}: ${answer.text}`]
  if (isReplay(answer) === before) return []
  return [
    before
      ? `doubled: ${marker} had been done before the crash, and was done again`
      : `invented: ${marker} had not been done, and is answered as if it had`,
  ]
}

/** That an answer is the first one again, byte for byte but for the signatures of files, and says so. */
export function comparisonProblems(marker: string, first: Answer | null, again: Answer): Problem[] {
  const difference = firstDifference(first ? told(first) : '', told(again))
  return [
    ...(isReplay(again) ? [] : [`doubled: ${marker} was done again, for it is not told as a replay` as const]),
    ...(difference === null ? [] : [`wrong: ${marker} is not answered as before: ${difference}` as const]),
  ]
}

function told({ status, headers, text }: Answer): string {
  return `${status} ${headers.get('Location') ?? ''} ${unsigned(text)}`
}

/** Where two texts part, and how each goes on; null where they do not. */
function firstDifference(one: string, other: string): string | null {
  if (one === other) return null
  let place = 0
  while (one[place] === other[place]) place += 1
  return `${JSON.stringify(other.slice(place, place + TOLD))} where it said ${JSON.stringify(one.slice(place, place + TOLD))}`
}

function isReplay({ headers }: Answer): boolean {
  return headers.get('Idempotent-Replayed') === 'true'
}

function unsigned(text: string): string {
  return text.replaceAll(/\?expires=\d+&signature=[^"]+/g, '')
}

/** That the key of an answer opens the door. */
async function secretProblems(origin: string, { deed, answer }: WriteRequest): Promise<Problem[]> {
  if (deed.sent.kind !== 'key') return []
  const { key } = NewKey.parse(answer?.body).data
  const { status } = await openApi(origin, [key]).send('GET', '/tickets?per_page=1')
  return status === 200 ? [] : [`lost: the API key of ${deed.marker} is refused with ${status}`]
}
