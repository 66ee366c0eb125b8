import { ConnectionError } from './errors.ts'
import { asConnectionError } from './sender.ts'
import type { TicketSnapshot } from './ticket-types.ts'

type Line = TicketSnapshot | { next_cursor: string | null }

/** The tickets of an export, which is requested page by page: the last line of a page is the cursor of the next. */
export async function* readExport(
  request: (query: { cursor?: string }) => Promise<Response>,
): AsyncIterableIterator<TicketSnapshot> {
  for (let query: { cursor?: string } | null = {}; query !== null; ) {
    let end: string | null | undefined
    for await (const text of linesOf(await request(query))) {
      const line: Line = JSON.parse(text)
      if ('next_cursor' in line) end = line.next_cursor
      else yield line
    }
    if (end === undefined) throw new ConnectionError('The export was cut off')
    query = end === null ? null : { cursor: end }
  }
}

/** Complete lines; text after the last line feed was cut off. */
async function* linesOf({ body }: Response): AsyncIterableIterator<string> {
  if (!body) return
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(asConnectionError)
      if (done) return
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } finally {
    // The caller has stopped reading.
    await reader.cancel().catch(() => undefined)
  }
}
