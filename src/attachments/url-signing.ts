import { hmac, timingSafeEqual } from '../lib/crypto'
import { isMatch } from '../lib/text'
import { HOUR, SECOND } from '../lib/time'

interface FileLocation {
  accountId: string
  id: string
  filename: string
}

/**
 * The path and query of a file, valid for one to two hours from `now` (ms): `expires` is a full hour, so that responses
 * within an hour are equal. The signature contains the account, because a download has no other credential.
 */
export function signedPath(file: FileLocation, key: Buffer, now: number): string {
  const expires = (Math.floor(now / HOUR) * HOUR + 2 * HOUR) / SECOND
  const signature = `${file.accountId}.${hmac(key, message(file, expires))}`
  return `/files/${file.id}/${encodeURIComponent(file.filename)}?expires=${expires}&signature=${signature}`
}

/** The account that a file's URL was signed for, or null if the URL was altered or has expired. */
export function verifiedAccount(
  file: Omit<FileLocation, 'accountId'>,
  query: { expires: string | undefined; signature: string | undefined },
  keys: Buffer[],
  now: number,
): string | null {
  const [accountId, actual, ...rest] = (query.signature ?? '').split('.')
  if (!accountId || !actual || rest.length > 0 || !isMatch(query.expires ?? '', /^[1-9]\d{0,11}$/, 12)) return null
  const expires = Number(query.expires)
  const signed = message({ accountId, ...file }, expires)
  if (!keys.some((key) => timingSafeEqual(actual, hmac(key, signed)))) return null
  return expires * SECOND > now ? accountId : null
}

function message({ accountId, id, filename }: FileLocation, expires: number): string {
  return JSON.stringify([accountId, id, filename, expires])
}
