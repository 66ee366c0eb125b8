/** Cursors of the list of tickets are JSON in base64url that contains a position. */

interface TicketPosition {
  at: number
  number: number
}

/** Throws if the cursor has no position. */
export function moveCursor(cursor: string, to: TicketPosition): string {
  positionOf(cursor)
  const rewritten = JSON.parse(textOf(cursor), (key, value) => (key === 'at' || key === 'number' ? to[key] : value))
  return Buffer.from(JSON.stringify(rewritten)).toString('base64url')
}

/** Throws if the cursor has no position. */
export function positionOf(cursor: string): TicketPosition {
  const position: Partial<TicketPosition> = {}
  JSON.parse(textOf(cursor), (key, value) => {
    if (key === 'at' || key === 'number') position[key] = value
    return value
  })
  const { at, number } = position
  if (at === undefined || number === undefined) throw new Error('a cursor of tickets holds no place any more')
  return { at, number }
}

function textOf(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString()
}
