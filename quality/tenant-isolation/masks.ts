import { firstSearchIdOf } from '../../src/db/search-id'

const MASKS: [RegExp, string][] = [
  [/tk_live_\w+/g, 'KEY'],
  [/whsec_[\w+/=]+/g, 'SECRET'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN'],
  [/scrypt\$[\w$-]+/g, 'HASH'],
  [/dlv_[0-9a-z]{10}[0-9a-f]{16}/g, 'DELIVERY'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID'],
  [/(\\*"(?:hash|previous_hash)\\*":\\*")[0-9a-f]{64}/g, '$1HASH'],
  [/(\\*"last_four\\*":\\*")\w{4}/g, '$1LAST'],
  [/[\w-]{12}\.[\w-]{40,}/g, 'SEALED'],
]

export function masked(text: string): string {
  const plain = MASKS.reduce((each, [pattern, replacement]) => each.replace(pattern, replacement), text)
  // Of a search ID, without the time.
  const timeless = plain.replace(
    /(\\*"search_id\\*":)(\d+)/g,
    (_, name, id) => `${name}${Number(id) % firstSearchIdOf(1)}`,
  )
  return timeless.replace(/cursor(\\*"?[=:]\\*"?)([\w-]{20,})/g, (_, between, cursor) => {
    const [, position] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return `cursor${between}${JSON.stringify(position).replaceAll('"', "'")}`
  })
}

export function difference(a: string, b: string): string {
  let at = 0
  while (a[at] === b[at]) at += 1
  const from = Math.max(0, at - 100)
  return `…${a.slice(from, at + 100)}… / …${b.slice(from, at + 100)}…`
}
