import { isDeepStrictEqual } from 'node:util'
import { removalOf, type WriteLog } from './operations.ts'

const PREFIX = '?'

/** The marker of an event whose comment was deleted: its text, which had the marker of the write, is erased. */
export function erasedMarker(commentId: string): string {
  return `${PREFIX}${commentId}`
}

/** The marker of the write: of an erased comment, by its removal. */
export function writtenMarker(marker: string, writeLog: WriteLog): string {
  if (!marker.startsWith(PREFIX)) return marker
  const removal = writeLog.get(removalOf(marker.slice(PREFIX.length)))
  return removal?.sent.kind === 'removal' ? removal.sent.of : marker
}

/** Whether one of two JSON values is marked as redacted, and they only differ by what is erased after a deletion. */
export function isErasedForm(one: unknown, other: unknown): boolean {
  const isRedacted = [one, other].some((value) => JSON.stringify(value)?.includes('"redacted":true'))
  return isRedacted && isDeepStrictEqual(withoutTexts(one), withoutTexts(other))
}

function withoutTexts(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (name, part) => {
    if (name === 'content' || name === 'filename') return ''
    if (name === 'url' || name === 'redacted') return undefined
    return name === 'mime_type' ? 'application/octet-stream' : part
  })
}
