/** Cursors of the list of tickets, which are JSON in base64url: a place, wherever in it that stands, and more. */

interface Place {
  at: number
  number: number
}

/** A cursor that is like another but leads to another place. Throws where the cursor has none. */
export function moveCursor(cursor: string, to: Place): string {
  placeOf(cursor)
  const moved = JSON.parse(textOf(cursor), (key, value) => (key === 'at' || key === 'number' ? to[key] : value))
  return Buffer.from(JSON.stringify(moved)).toString('base64url')
}

/** The place of a cursor. Throws where it has none. */
export function placeOf(cursor: string): Place {
  const place: Partial<Place> = {}
  JSON.parse(textOf(cursor), (key, value) => {
    if (key === 'at' || key === 'number') place[key] = value
    return value
  })
  const { at, number } = place
  if (at === undefined || number === undefined) throw new Error('a cursor of tickets holds no place any more')
  return { at, number }
}

function textOf(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString()
}
