import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Answer } from '../../test/helpers/node/api.ts'
import type { Deed, Ledger, Problem, WriteRequest } from './operations.ts'
import { type InHand, randomWrite, type Writers } from './random-writes.ts'

const WRITERS = 8
const PAUSE_MS = 40
/** Few, so that writers meet at the same ticket. */
const TICKETS_IN_HAND = 24

const Created = z.object({ data: z.object({ id: z.string() }) })

/**
 * Eight writers at once, until the server is gone; what they do is in the ledger before it is sent. Gives what they sent,
 * and what went wrong while the server ran.
 */
export async function writeUntilKilled(
  writers: Writers,
  ledger: Ledger,
  round: number,
  killed: AbortSignal,
): Promise<{ requests: WriteRequest[]; problems: Problem[] }> {
  const inHand: InHand = { ticketIds: [], parts: [] }
  const requests: WriteRequest[] = []
  const problems: Problem[] = []

  async function write(writer: number): Promise<void> {
    for (let count = 1; !killed.aborted; count++) {
      const request = randomWrite(`r${round}w${writer}n${count}`, round, inHand, writers)
      const { marker } = request.deed
      ledger.set(marker, request.deed)
      requests.push(request)
      try {
        const answer = await send(request)
        if (acknowledge(request, answer)) take(request.deed, inHand)
        else problems.push(`wrong: ${marker} was answered with ${answer.status}: ${answer.text}`)
      } catch (error) {
        if (!killed.aborted) problems.push(`wrong: ${marker} got no answer while the server ran: ${error}`)
      }
      await sleep(randomInt(PAUSE_MS))
    }
  }

  await Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index + 1)))
  return { requests, problems }
}

/** Sends a write, with its key. Throws where no whole answer came. */
export function send({ deed, by, method, path, body }: WriteRequest): Promise<Answer> {
  return by.send(method, path, body, deed.marker)
}

/** Notes the first answer to a write, if it is a good one. */
export function acknowledge(request: WriteRequest, answer: Answer): boolean {
  if (answer.status >= 300) return false
  request.answer = answer
  request.deed.acknowledged = true
  if (answer.body !== null) request.deed.id = Created.parse(answer.body).data.id
  return true
}

/** Takes into the hand what a write has made. */
export function take({ marker, sent, id }: Deed, inHand: InHand): void {
  if (id === null) return
  if (sent.kind === 'ticket') inHand.ticketIds.push(id)
  if (inHand.ticketIds.length > TICKETS_IN_HAND) inHand.ticketIds.shift()
  const part = { id, marker }
  if (sent.kind === 'comment')
    inHand.parts.push({ ...part, kind: 'comments', ticketId: sent.ticketId, isInternal: sent.is_internal })
  if (sent.kind === 'upload')
    inHand.parts.push({ ...part, kind: 'attachments', ticketId: sent.ticketId, isInternal: false })
}
