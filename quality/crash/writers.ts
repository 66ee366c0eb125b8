import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiResponse } from '../../test/helpers/node/api.ts'
import type { Problem, Write, WriteLog, WriteRequest } from './operations.ts'
import { type KnownResources, randomWrite, type Writers } from './random-writes.ts'

const WRITERS = 8
const PAUSE_MS = 40
/** Few, so that concurrent writers change the same ticket. */
const KNOWN_TICKETS = 24

const Created = z.object({ data: z.object({ id: z.string() }) })

/** Records each write before sending it. Returns the requests, and the problems before the kill. */
export async function writeUntilKilled(
  writers: Writers,
  writeLog: WriteLog,
  round: number,
  killed: AbortSignal,
): Promise<{ requests: WriteRequest[]; problems: Problem[] }> {
  const known: KnownResources = { ticketIds: [], children: [] }
  const requests: WriteRequest[] = []
  const problems: Problem[] = []

  async function write(writer: number): Promise<void> {
    for (let count = 1; !killed.aborted; count++) {
      const request = randomWrite(`r${round}w${writer}n${count}`, round, known, writers)
      const { marker } = request.write
      writeLog.set(marker, request.write)
      requests.push(request)
      try {
        const response = await send(request)
        if (acknowledge(request, response)) addToKnown(request.write, known)
        else problems.push(`wrong: ${marker} returned ${response.status}: ${response.text}`)
      } catch (error) {
        if (!killed.aborted) problems.push(`wrong: ${marker} got no response while the server was running: ${error}`)
      }
      await sleep(randomInt(PAUSE_MS))
    }
  }

  await Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index + 1)))
  return { requests, problems }
}

/** Throws if the response is incomplete. */
export function send({ write, client, method, path, body }: WriteRequest): Promise<ApiResponse> {
  return client.send(method, path, body, write.marker)
}

export function acknowledge(request: WriteRequest, response: ApiResponse): boolean {
  if (response.status >= 300) return false
  request.response = response
  request.write.acknowledged = true
  if (response.body !== null) request.write.id = Created.parse(response.body).data.id
  return true
}

export function addToKnown({ marker, sent, id }: Write, known: KnownResources): void {
  if (id === null) return
  if (sent.kind === 'ticket') known.ticketIds.push(id)
  if (known.ticketIds.length > KNOWN_TICKETS) known.ticketIds.shift()
  const child = { id, marker }
  if (sent.kind === 'comment')
    known.children.push({ ...child, kind: 'comments', ticketId: sent.ticketId, isInternal: sent.is_internal })
  if (sent.kind === 'upload')
    known.children.push({ ...child, kind: 'attachments', ticketId: sent.ticketId, isInternal: false })
}
