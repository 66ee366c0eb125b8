import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Api } from '../node/helpers/api.ts'
import { type Deed, randomWrite } from './deeds.ts'

/** Every write that was ever begun, by its marker. */
export type Ledger = Map<string, Deed>

const WRITERS = 8
const PAUSE_MS = 40
/** Few, so that writers meet at the same ticket. */
const TICKETS_IN_HAND = 24

const Created = z.object({ data: z.object({ id: z.string() }) })

/**
 * Eight writers at once, until the server is gone; what they do is in the ledger before it is sent. Gives what went
 * wrong while the server ran.
 */
export async function writeUntilKilled(
  api: Api,
  ledger: Ledger,
  round: number,
  killed: AbortSignal,
): Promise<string[]> {
  const inHand: string[] = []
  const problems: string[] = []

  async function write(writer: number): Promise<void> {
    for (let count = 1; !killed.aborted; count++) {
      const request = randomWrite(`r${round}w${writer}n${count}`, round, inHand)
      ledger.set(request.deed.marker, request.deed)
      try {
        const { status, body } = await api.send(request.method, request.path, request.body)
        if (status < 300) acknowledge(request.deed, body)
        else problems.push(`${request.deed.marker} was answered with ${status}: ${JSON.stringify(body)}`)
      } catch (error) {
        if (!killed.aborted) problems.push(`${request.deed.marker} got no answer while the server ran: ${error}`)
      }
      await sleep(randomInt(PAUSE_MS))
    }
  }

  function acknowledge(deed: Deed, body: unknown): void {
    deed.acknowledged = true
    deed.id = Created.parse(body).data.id
    if (deed.sent.kind !== 'ticket') return
    inHand.push(deed.id)
    if (inHand.length > TICKETS_IN_HAND) inHand.shift()
  }

  await Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index + 1)))
  return problems
}
